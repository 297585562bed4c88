// Calls to Runware that got no answer.
internal import Providers

extension CallFailure {
    init(_ failure: TransportError, _ call: ProviderCall, of wanted: String = "the answer") {
        self.init(failure, call, of: wanted, at: "runware", "RUNWARE_BASE_URL")
    }
}
