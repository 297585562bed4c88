// The public keys of tokens where `host.jwt.keys` is a URL: fetched by the function `keyset`, kept on disk, fetched again in time.
internal import Callers
internal import CivilTime
internal import EdgeLoop

/// Holds one issuer's key set. Times are ``KeySetAge``'s.
@LoopActor
final class TokenKeyring {
    /// What can be used now: none until the first set is there, or once the last one is too old.
    private(set) var keys = JWTKeySet()
    /// Told of other keys.
    var onChange: @LoopActor (JWTKeySet) -> Void = { _ in }

    private let file: KeySetFile
    private let fetch: @LoopActor (_ url: String) async throws -> [UInt8]
    private let log: @LoopActor (String) -> Void
    private let now: @LoopActor () -> Timestamp
    private var url: String?
    /// The URL that is being fetched.
    private var fetching: String?
    private var age = KeySetAge()
    private var document: [UInt8] = []
    private var timer: LoopTimer?
    private let changes = ChangeSignal()

    /// How long a request waits for newer keys.
    static let waitMax = Duration.seconds(5)

    /// - Parameters:
    ///   - fetch: gives the document at a URL; an error's text is for the log.
    ///   - now: tests move it by hand.
    init(
        file: KeySetFile,
        fetch: @escaping @LoopActor (_ url: String) async throws -> [UInt8],
        log: @escaping @LoopActor (String) -> Void,
        now: @escaping @LoopActor () -> Timestamp = { .now() }
    ) {
        self.file = file
        self.fetch = fetch
        self.log = log
        self.now = now
    }

    /// Goes over to another URL, or to none; nothing when it is the same.
    func use(_ url: String?) {
        guard url != self.url else { return }
        self.url = url
        timer?.cancel()
        timer = nil
        fetching = nil
        age = KeySetAge()
        document = []
        keys = JWTKeySet()
        if let url { begin(url, readsFile: true) }
    }

    /// Waits for a fetch because a token names a key that is not here, if one may be made.
    /// - Parameter isThere: whether there is nothing left to wait for.
    /// - Returns: what `isThere` says at the end.
    func renewed(_ isThere: @escaping @LoopActor () -> Bool) async -> Bool {
        guard let url else { return false }
        if fetching == nil {
            guard age.mayAsk(at: now()) else { return false }
            begin(url)
        }
        let end = ContinuousClock.now + Self.waitMax
        while fetching != nil, !isThere() {
            let left = end - .now
            guard left > .zero,
                await changes.wait(atMost: left, unless: { [self] in fetching == nil || isThere() })
            else { break }
        }
        return isThere()
    }

    private func begin(_ url: String, readsFile: Bool = false) {
        fetching = url
        timer?.cancel()
        timer = nil
        Task { @LoopActor in
            if readsFile { await takeFile(url) }
            let result: Result<[UInt8], any Error>
            do { result = .success(try await fetch(url)) } catch { result = .failure(error) }
            guard self.url == url, fetching == url else { return }
            fetching = nil
            await take(result, url)
            guard self.url == url, fetching == nil else { return }
            timer = LoopTimer(after: age.next(now: now())) { [unowned self] in begin(url) }
        }
    }

    /// What an earlier host fetched will do until this one has.
    private func takeFile(_ url: String) async {
        let file = file
        guard let stored = await Pool.run({ file.read() }), stored.url == url, self.url == url else { return }
        var known = KeySetAge()
        known.succeeded(at: stored.fetched)
        guard known.isGood(at: now()), let set = try? JWTKeySet(stored.document) else { return }
        age = known
        change(to: set, stored.document)
    }

    private func take(_ result: Result<[UInt8], any Error>, _ url: String) async {
        do {
            let document = try result.get()
            let set = try JWTKeySet(document)
            let moment = now()
            age.succeeded(at: moment)
            change(to: set, document)
            await keep(StoredKeySet(url: url, fetched: moment, document: document))
        } catch {
            age.failed()
            let isGood = age.isGood(at: now())
            let fate =
                isGood
                ? "the one of \(age.fetched?.iso8601 ?? "before") goes on" : "tokens that it would check are refused"
            log("the key set of tokens (host.jwt.keys) could not be fetched, \(fate): \(error)")
            if !isGood, keys.count > 0 { change(to: JWTKeySet(), []) }
            changes.notify()
        }
    }

    private func change(to set: JWTKeySet, _ document: [UInt8]) {
        if document != self.document || set.count != keys.count {
            self.document = document
            keys = set
            onChange(set)
        }
        changes.notify()
    }

    private func keep(_ stored: StoredKeySet) async {
        let file = file
        let failure = await Pool.run { () -> String? in
            do {
                try file.write(stored)
                return nil
            } catch { return "\(error)" }
        }
        if let failure { log("the key set of tokens could not be kept for the next start: \(failure)") }
    }
}
