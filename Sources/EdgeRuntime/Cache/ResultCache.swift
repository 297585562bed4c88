// Results by cache key, on disk: what was paid for once is not paid for again.
internal import CivilTime
internal import EdgeLoop
internal import Glibc

/// Keeps results up to a size; the ones that were not used for longest go first. In memory is an index alone: entries are read
/// from their files, since what is asked for all the time is answered by recall.
///
/// Entries are renamed into place but not synced. A power cut can lose the newest ones, which costs their price once more at most;
/// a sync would cost every result several milliseconds. A half-written file is no JSON, and counts as none.
@LoopActor
final class ResultCache {
    /// Entries, whatever their images weigh.
    private static let entriesMax = 200_000
    /// The largest entry's file: 1 MiB.
    private nonisolated static let documentBytesMax = 1 << 20
    /// A file is marked as used at most this often: the next host reads the order from the times.
    private static let touchInterval = Duration.seconds(3600)

    /// Most bytes of images that entries refer to. Takes effect with the next insertion or ``evict(now:)``.
    var sizeMax: Int
    /// Results older than this count as gone, whatever their functions say; nil: none.
    var ageMax: Duration?
    /// Told of each key whose entry was removed or replaced: what was remembered of it is not true any more.
    var onRemoved: @LoopActor (String) -> Void = { _ in }

    let images: ImageFiles
    private var index = CacheIndex()
    private let gate = KeyedGate<CacheKey>()
    private var madeFolders: Set<String> = []

    private var files: FileWriter { images.state.files }
    private nonisolated let folder: String

    init(images: ImageFiles, sizeMax: Int) {
        self.images = images
        self.sizeMax = sizeMax
        folder = "\(images.state.path)/cache"
    }

    var count: Int { index.count }
    var bytes: Int { index.imageBytes }

    /// The entry that was not used for longest, and when it was marked as used.
    var leastUsed: (key: String, used: Timestamp)? {
        guard let key = index.oldest, let entry = index.find(key) else { return nil }
        return (key.text, entry.touched)
    }

    /// When an entry ends.
    private func end(_ made: Timestamp, _ expires: Timestamp) -> Timestamp {
        ageMax.map { min(expires, made + $0) } ?? expires
    }

    /// The kept result of a key, if it is neither too old nor without its images.
    func lookup(key text: String, now: Timestamp) async -> CacheEntry? {
        guard let key = CacheKey(text), let found = index.find(key) else { return nil }
        guard end(found.made, found.expires) > now else {
            await remove(key)
            return nil
        }
        switch await read(key) {
        case .found(var entry):
            entry.expires = end(entry.made, entry.expires)
            for name in entry.imageNames {
                do {
                    guard try await images.open(name) != nil else {
                        await remove(key)
                        return nil
                    }
                } catch {}  // it may be sound: whoever sends it will say why it cannot be opened
            }
            index.use(key)
            touch(key, found.touched, now)
            return entry
        case .gone:
            await remove(key)
            return nil
        case .unknown:
            return nil
        }
    }

    /// Counts as a use what was answered without a look here.
    func use(key text: String) {
        guard let key = CacheKey(text), let found = index.find(key) else { return }
        index.use(key)
        touch(key, found.touched, .now())
    }

    /// The entry of a key as it is, however old; counts as no use.
    func peek(key text: String) async -> CacheEntry? {
        guard let key = CacheKey(text), index.find(key) != nil, case .found(let entry) = await read(key) else {
            return nil
        }
        return entry
    }

    /// Keeps a result, in place of an older one of its key, and makes room by ending entries not used for longest.
    /// - Throws: why it could not be written; then an older entry stays.
    func insert(key text: String, entry: CacheEntry, ttl: Duration) async throws(StateError) {
        guard let key = CacheKey(text) else { throw .badName(what: "cache key", name: text) }
        var entry = entry
        entry.expires = entry.made + ttl
        try await write(entry, key)
        await makeRoom()
    }

    func remove(key text: String) async {
        guard let key = CacheKey(text) else { return }
        await remove(key)
    }

    /// Ends entries that are too old, and the least recently used ones beyond the size.
    func evict(now: Timestamp = .now()) async {
        for key in index.keys(where: { end($0.made, $0.expires) <= now }) { await remove(key) }
        await makeRoom()
    }

    private func makeRoom() async {
        while index.imageBytes > sizeMax || index.count > Self.entriesMax, let key = index.oldest { await remove(key) }
    }
}

// MARK: Files

extension ResultCache {
    private enum Reading: Sendable {
        case found(CacheEntry)
        case gone
        /// Not to be read now: out of descriptors.
        case unknown
    }

    /// Who refers to the images.
    private static func holder(_ key: CacheKey) -> String { "cache:\(key.text)" }

    private func write(_ entry: CacheEntry, _ key: CacheKey) async throws(StateError) {
        await gate.enter(key)
        defer { gate.leave(key) }
        var old: Set<ImageName> = []
        let isReplaced = index.find(key) != nil
        if isReplaced, case .found(let entry) = await read(key) { old = entry.imageNames }
        let holder = Self.holder(key)
        for name in entry.imageNames { images.retain(name, by: holder) }
        do throws(StateError) {
            try await save(entry, key)
        } catch {
            for name in entry.imageNames.subtracting(old) { images.release(name, by: holder) }
            throw error
        }
        for name in old.subtracting(entry.imageNames) { images.release(name, by: holder) }
        index.insert(
            CacheIndex.Entry(
                key: key,
                made: entry.made,
                expires: entry.expires,
                imageBytes: entry.imageBytes,
                touched: .now()
            )
        )
        if isReplaced { onRemoved(key.text) }
    }

    private func save(_ entry: CacheEntry, _ key: CacheKey) async throws(StateError) {
        let files = files
        let temporary = images.state.temporaryPath(for: "cache")
        let (above, folder, path) = (folder, key.folder, "\(folder)/\(key.path)")
        let isMade = madeFolders.contains(folder)
        do throws(StateError) {
            try await files.perform { () throws(StateError) in
                if !isMade { try files.makeFolder("\(above)/\(folder)") }
                try files.writeNew(temporary, entry.stored(key: key), isSynced: false)
                try files.move(temporary, to: path)
            }
            madeFolders.insert(folder)
        } catch {
            madeFolders.remove(folder)  // perhaps somebody removed it
            throw error
        }
    }

    private func remove(_ key: CacheKey) async {
        await gate.enter(key)
        defer { gate.leave(key) }
        guard index.find(key) != nil else { return }
        index.remove(key)
        onRemoved(key.text)
        // An entry that cannot be read keeps its hold on images until the next start: better than to lose one that is in use.
        if case .found(let entry) = await read(key) {
            for name in entry.imageNames { images.release(name, by: Self.holder(key)) }
        }
        let files = files
        let path = "\(folder)/\(key.path)"
        await files.run { files.discard(path) }
    }

    private func read(_ key: CacheKey) async -> Reading {
        let files = files
        let path = "\(folder)/\(key.path)"
        return await files.run { Self.read(key, path, files) }
    }

    private static nonisolated func read(_ key: CacheKey, _ path: String, _ files: FileWriter) -> Reading {
        do throws(StateError) {
            let bytes = try files.read(path, bytesMax: documentBytesMax)
            return CacheEntry(bytes, key: key).map { .found($0) } ?? .gone
        } catch {
            if case .failed(_, _, ENOENT) = error { return .gone }
            return error.isPassing ? .unknown : .gone
        }
    }

    private func touch(_ key: CacheKey, _ touched: Timestamp, _ now: Timestamp) {
        guard now - touched >= Self.touchInterval else { return }
        index.touch(key, at: now)
        let files = files
        let path = "\(folder)/\(key.path)"
        Task { await files.run { _ = files.calls.touch(path) } }
    }
}

// MARK: Start

extension ResultCache {
    /// What the index needs of one file.
    private struct Loaded: Sendable {
        let entry: CacheIndex.Entry
        let images: [ImageName]
    }

    /// Folders read at once: as many as the pool has threads.
    private static let readers = 4

    /// Finds what an earlier host kept, each file read once; the order of use is that of the files' times. Takes up the references
    /// to images. Files that are too old or damaged are removed. Call it once, at start.
    func load(now: Timestamp = .now()) async {
        let files = files
        let folder = folder
        let folders = await Pool.run {
            ((try? files.names(in: folder)) ?? []).filter { $0.utf8.count == 2 }
        }
        var entries: [CacheIndex.Entry] = []
        await withTaskGroup(of: [Loaded].self) { group in
            var rest = folders[...]
            for name in rest.prefix(Self.readers) { group.addTask { await self.contents(of: name, now) } }
            rest = rest.dropFirst(Self.readers)
            while let loaded = await group.next() {
                if let name = rest.popFirst() { group.addTask { await self.contents(of: name, now) } }
                for one in loaded {
                    for name in one.images { images.retain(name, by: Self.holder(one.entry.key)) }
                    entries.append(one.entry)
                }
            }
        }
        entries.sort { $0.touched < $1.touched }
        for entry in entries { index.insert(entry) }
        madeFolders.formUnion(folders)
        await makeRoom()
    }

    private func contents(of name: String, _ now: Timestamp) async -> [Loaded] {
        let files = files
        let path = "\(folder)/\(name)"
        return await Pool.run {
            ((try? files.names(in: path)) ?? []).compactMap { file in
                guard let key = CacheKey(folder: name, file: file), let status = try? files.status("\(path)/\(file)")
                else { return nil }
                switch Self.read(key, "\(path)/\(file)", files) {
                case .found(let entry) where entry.expires > now:
                    let touched = Timestamp(milliseconds: status.modified / 1_000_000)
                    return Loaded(
                        entry: CacheIndex.Entry(
                            key: key,
                            made: entry.made,
                            expires: entry.expires,
                            imageBytes: entry.imageBytes,
                            touched: touched
                        ),
                        images: Array(entry.imageNames)
                    )
                case .found, .gone:
                    files.discard("\(path)/\(file)")
                    return nil
                case .unknown:
                    return nil
                }
            }
        }
    }
}
