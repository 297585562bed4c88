// Why no provider can do a request.
internal import Providers

extension AdmissionError {
    /// - Parameter problem: what is wrong, after the provider's name.
    static func unable(_ provider: String, _ field: Field, _ problem: String) -> AdmissionError {
        AdmissionError(code: "unsupported_field", field: field.rawValue, "provider \(provider) \(problem)")
    }

    static func unable(_ provider: String, _ lack: ProviderAbilities.Lack) -> AdmissionError {
        AdmissionError(
            code: "unsupported_field",
            field: lack.parameter.rawValue,
            "provider \(provider) cannot take \(lack.parameter.rawValue) as asked for; it takes \(lack.advice); "
                + "change it, choose another provider, or add \"lenient\": true to leave it out"
        )
    }

    /// Everybody refuses: one reason as it is, several together.
    static func nobody(_ refusals: [AdmissionError]) -> AdmissionError {
        guard let first = refusals.first else {
            return .field(.provider, "has nobody who could be asked")
        }
        guard refusals.count > 1 else { return first }
        let isOneStatus = refusals.allSatisfy { $0.status == first.status }
        return AdmissionError(
            status: isOneStatus ? first.status : 400,
            code: isOneStatus && refusals.allSatisfy { $0.code == first.code } ? first.code : "no_provider",
            field: refusals.allSatisfy { $0.field == first.field } ? first.field : Field.provider.rawValue,
            "no provider of the route can do this: " + refusals.map(\.description).joined(separator: "; ")
        )
    }
}
