// Servers and models that have refused a stream: asking each time would be a call more for every picture.
internal import Synchronization

/// Remembers them for the life of the process, or until there are too many.
final class StreamRefusals: Sendable {
    /// What a function asks, whoever pays for it.
    static let ofProcess = StreamRefusals()

    /// The oldest one is forgotten, and then asked once more.
    static let countMax = 64

    private struct Place: Equatable {
        let baseURL: String
        let model: String?
        let isEdit: Bool
    }

    private let places = Mutex<[Place]>([])

    func has(_ settings: OpenAISettings, _ model: OpenAIModel?, isEdit: Bool) -> Bool {
        let place = Place(baseURL: settings.baseURL, model: model?.text, isEdit: isEdit)
        return places.withLock { $0.contains(place) }
    }

    func add(_ settings: OpenAISettings, _ model: OpenAIModel?, isEdit: Bool) {
        let place = Place(baseURL: settings.baseURL, model: model?.text, isEdit: isEdit)
        places.withLock { places in
            guard !places.contains(place) else { return }
            places.append(place)
            if places.count > Self.countMax { places.removeFirst() }
        }
    }
}
