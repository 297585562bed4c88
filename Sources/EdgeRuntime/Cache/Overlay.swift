internal import CivilTime
internal import EdgeLoop
internal import JSON
struct CacheEntry: Sendable {
    let result: JobResult
    let job: String
    let made: Timestamp
    var expires: Timestamp
    var document: JSONObject
    init(_ result: JobResult, job: String, made: Timestamp) {
        self.result = result; self.job = job; self.made = made; expires = made
        var object: JSONObject = ["version": 1, "id": .string(job), "state": "succeeded"]
        JobDocument.add(result, to: &object)
        document = object
    }
}
@LoopActor final class ResultCache {
    let images: ImageFiles
    var sizeMax: Int
    var onRemoved: @LoopActor (String) -> Void = { _ in }
    private var entries: [String: CacheEntry] = [:]
    init(images: ImageFiles, sizeMax: Int) { self.images = images; self.sizeMax = sizeMax }
    var count: Int { entries.count }
    var bytes: Int { 0 }
    func lookup(key: String, now: Timestamp) -> CacheEntry? { entries[key].flatMap { $0.expires > now ? $0 : nil } }
    func peek(key: String) -> CacheEntry? { entries[key] }
    func insert(key: String, entry: CacheEntry, ttl: Duration) async throws { var e = entry; e.expires = e.made + ttl; entries[key] = e }
    func remove(key: String) async { entries[key] = nil; onRemoved(key) }
    func load() async {}
    func evict() async {}
}
