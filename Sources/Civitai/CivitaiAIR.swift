// The name of a model or LoRA at Civitai: an AIR, such as `urn:air:sd1:checkpoint:civitai:4384@128713`.

/// `urn:air:<ecosystem>:<type>:<source>:<id>[@<version>]`, as far as images are made of it here.
public struct CivitaiAIR: Sendable, Hashable, CustomStringConvertible {
    /// The API's own default: DreamShaper 8, of Stable Diffusion 1.5.
    public static let usual = CivitaiAIR(known: "urn:air:sd1:checkpoint:civitai:4384@128713", ecosystem: .sd1)

    /// The families of models that make images here.
    enum Ecosystem: String, CaseIterable {
        case sd1, sd15, sdxl, flux1

        /// The side that models of the family were trained on, for requests that name no size.
        var usualSide: Int {
            switch self {
            case .sd1, .sd15: 512
            case .sdxl, .flux1: 1024
            }
        }

        /// The guidance of requests that name none, which the API wants all the same.
        var usualGuidance: Double {
            switch self {
            case .sd1, .sd15, .sdxl: 7.5
            case .flux1: 3.5
            }
        }
    }

    static let bytesMax = 300

    public let text: String
    let ecosystem: Ecosystem

    /// A model that makes images.
    /// - Throws: ``CivitaiAIRError`` for a text that is no AIR, and for the AIR of something else.
    public init(model text: String) throws(CivitaiAIRError) {
        let parts = try Self.parts(text, "model")
        guard ["checkpoint", "diffusionmodel", "unet"].contains(parts.type) else {
            throw CivitaiAIRError(reason: "\(quoted(text)) is no model but a \(parts.type): name a checkpoint")
        }
        guard let ecosystem = Ecosystem(rawValue: parts.ecosystem) else {
            let known = Ecosystem.allCases.map(\.rawValue).joined(separator: ", ")
            throw CivitaiAIRError(
                reason: "\(quoted(text)) is a model of \(parts.ecosystem): images are made with models of \(known)"
            )
        }
        self.init(known: text, ecosystem: ecosystem)
    }

    /// A LoRA, checked only for what it is: whether it fits a model, Civitai knows.
    /// - Throws: ``CivitaiAIRError`` for a text that is no AIR, and for the AIR of something else.
    static func checkLora(_ text: String) throws(CivitaiAIRError) {
        let parts = try parts(text, "LoRA")
        guard parts.type == "lora" else {
            throw CivitaiAIRError(reason: "\(quoted(text)) is no LoRA but a \(parts.type): name a lora")
        }
    }

    private init(known text: String, ecosystem: Ecosystem) {
        self.text = text
        self.ecosystem = ecosystem
    }

    public var description: String { text }

    private static func parts(
        _ text: String,
        _ what: String
    ) throws(CivitaiAIRError) -> (ecosystem: String, type: String) {
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false).map(String.init)
        // The id may hold a colon behind its version, the other parts none.
        guard text.utf8.count <= bytesMax, parts.count == 6, parts[0] == "urn", parts[1] == "air",
            !parts.contains(where: \.isEmpty), parts[2...].allSatisfy({ $0.utf8.allSatisfy(isPlain) }),
            !parts[2...4].contains(where: { $0.contains("@") }), !parts[5].hasPrefix("@"), !parts[5].hasSuffix("@")
        else { throw .noAIR(text, what) }
        return (parts[2], parts[3])
    }

    /// The alphabet of the server's own pattern.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "_-/.@=,%+:".utf8.contains(byte)
        }
    }
}

/// A name that Civitai does not take, and what an AIR is.
public struct CivitaiAIRError: Error, Sendable, Equatable, CustomStringConvertible {
    public let reason: String

    public var description: String { reason }

    /// What an AIR is, for whoever has none.
    public static let form =
        "an AIR, urn:air:<ecosystem>:<type>:civitai:<model>@<version>, as a model's page on civitai.com shows it, such as \(CivitaiAIR.usual)"

    static func noAIR(_ text: String, _ what: String) -> CivitaiAIRError {
        CivitaiAIRError(reason: "\(quoted(text)) is no \(what) of Civitai: write \(form)")
    }
}

private func quoted(_ text: String) -> String {
    let plain = text.unicodeScalars.prefix(120).map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }
    return "\"\(String(String.UnicodeScalarView(plain)))\""
}
