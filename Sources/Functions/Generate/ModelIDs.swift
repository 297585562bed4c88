// What ids of models look like at a provider, so that a request goes only to those who may know its model.
internal import Civitai
internal import HFInference
internal import Runware

enum ModelIDs: Sendable {
    /// Hugging Face: `org/name`.
    case hub
    /// Runware: `source:id@version`.
    case air
    /// Civitai: `urn:air:ecosystem:type:source:id@version`.
    case urn
    /// Whatever the provider's own server calls them.
    case own
    case any

    /// Why a text is no id here; nil: it may be one.
    /// - Parameter isOnly: whether no other provider is asked. Then also what is unusual may be meant.
    func mistake(in id: String, isOnly: Bool) -> String? {
        switch self {
        case .hub:
            do {
                _ = try HFModelID(id)
            } catch {
                return error.reason
            }
            return isOnly || id.contains("/") ? nil : "a model there has the form org/name"
        case .air: return Self.isAIR(id) ? nil : "a model there has the form source:id@version, such as runware:101@1"
        case .urn:
            do {
                _ = try CivitaiAIR(model: id)
                return nil
            } catch {
                return error.reason
            }
        case .own:
            guard !isOnly else { return nil }
            return Self.isAIR(id)
                ? "that is an id of Runware" : id.hasPrefix("urn:air:") ? "that is an id of Civitai" : nil
        case .any: return nil
        }
    }

    static func isAIR(_ id: String) -> Bool { (try? RunwareModel(id)) != nil }
}
