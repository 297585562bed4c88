// What a run gets: the request after admission, complete and normalised, and the ways in which it can be done.
internal import Digest
internal import EdgeFunction
internal import JSON
internal import Providers

struct GenerateInput: Equatable {
    /// Without a model: each candidate has its own.
    var request: ImageRequest
    /// In the order of the route; each provider at most once, and at least one.
    var candidates: [Candidate]
    /// Which one of several pictures of the same request; 0: the only one.
    var variation = 0

    /// A change of what a key is made of gets a new number, so that old entries are not found any more.
    static let keyVersion: Int64 = 2

    /// Everything that changes the picture, and nothing else: not the order of the candidates, not their prices, and not what all
    /// of them leave out.
    var key: String {
        let unused = candidates.reduce(Parameters.all) { $0.intersection(Parameters($1.dropped)) }
        var request = request
        for parameter in unused.list { request.drop(parameter) }
        var canonical = request.json
        canonical["candidates"] = .array(
            candidates.sorted { $0.provider < $1.provider }.map { candidate in
                var json: JSONObject = ["provider": .string(candidate.provider)]
                json["model"] = candidate.model.map { .string($0) }
                json["server"] = candidate.server.map { .string($0) }
                let dropped = candidate.dropped.filter { !unused.contains($0) }.map(\.rawValue).sorted()
                if !dropped.isEmpty { json["dropped"] = .array(dropped.map { .string($0) }) }
                return .object(json)
            }
        )
        if variation > 0 { canonical["variation"] = .integer(Int64(variation)) }
        canonical["version"] = .integer(Self.keyVersion)
        return SHA256.hex(of: canonical.encoded(sortedKeys: true))
    }

    /// The same with a seed where the caller named none: a new picture also from a provider that draws, or has kept, the same one for
    /// the same request. The key of the result stays that of the request as it was made.
    func drawing(_ seed: @autoclosure () -> UInt32) -> GenerateInput {
        guard request.seed == nil else { return self }
        var drawn = self
        drawn.request.seed = seed()
        drawn.request.isSeedDrawn = true
        return drawn
    }

    /// A further picture of the same request has a seed that its key tells: the same one each time.
    var varied: GenerateInput {
        variation == 0 ? self : drawing(UInt32(key.prefix(8), radix: 16) ?? UInt32(variation))
    }

    /// The pictures that it begins with, by their hashes.
    var pictures: [String] { Array(Set([request.image?.sha256, request.mask?.sha256].compactMap { $0 })).sorted() }

    /// The candidate of a lane; nil: the first.
    func candidate(_ lane: String?) -> Candidate? {
        guard let lane else { return candidates.first }
        return candidates.first { $0.provider == lane }
    }

    var json: JSONObject {
        var json = request.json
        json["lanes"] = .array(candidates.map { .object($0.json) })
        return json
    }

    init(request: ImageRequest, candidates: [Candidate]) {
        self.request = request
        self.candidates = candidates
    }

    /// Reads what ``json`` wrote, from a job file; nil when somebody has changed it so that it cannot be read.
    init?(_ json: JSONObject) {
        guard let request = ImageRequest(json) else { return nil }
        self.request = request
        candidates = []
        for value in json["lanes"]?.array ?? [] {
            guard let candidate = Candidate(value) else { return nil }
            candidates.append(candidate)
        }
        if candidates.isEmpty { return nil }
    }
}
