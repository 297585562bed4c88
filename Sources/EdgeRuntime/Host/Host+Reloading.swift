// Changes of files while the host runs: functions.json, settings, programs and keys.
internal import Callers
internal import CivilTime
internal import EdgeLoop
internal import Glibc
internal import Secrets

extension Host {
    /// Reads everything again. What is good is taken over at once; a mistake leaves all as it was, and says so.
    func reloadNow() async {
        readKeysSoon()
        do {
            let settings = try await Self.loadSettings(options, places, environment)
            let file = try await Self.loadManifest(places, environment)
            try await Self.check(file, settings)
            guard phase == .serving else { return }
            apply(file, settings)
            do {
                try await useTokenKeys()
            } catch {
                log.write(.error, "\(TokenKeys.name) is not taken over, tokens are kept as before: \(error)")
            }
            watchFiles()
            StartupText(self).writeReloaded()
        } catch {
            log.write(.error, "not reloaded, the old settings go on: \(error)")
        }
    }

    /// Makes the operator's key where there is none, and from then on takes over every change of the keys.
    func watchKeys() async {
        let keys = KeyFile(state: state.path)
        do {
            if let key = try await Pool.run({ try keys.firstOperatorKey(now: .now()) }) {
                // Known before it is shown: whoever reads the line may use it at once.
                use(try await Pool.run { try keys.read() })
                // Past the log, which may be kept somewhere for long.
                writeLine("edge: the operator's key, shown this once: \(key.reveal())", to: STDERR_FILENO)
            }
        } catch {
            log.write(.warning, "no operator's key could be made: \(error)")
        }
        do {
            keyWatcher = try FileWatcher(folder: state.path) { [unowned self] in
                if $0 == KeyFile.name { readKeysSoon() }
            }
        } catch {
            log.write(.warning, "changes of keys are not noticed (send SIGHUP instead): \(error.reason)")
        }
        readKeysSoon()  // what changed before it was watched
    }

    /// Keys do not wait for functions.json to be good: who was revoked is refused at once.
    func readKeysSoon() {
        guard keyReading == .idle else {
            keyReading = .readingOld
            return
        }
        keyReading = .reading
        let file = KeyFile(state: state.path)
        Task { @LoopActor in
            do {
                use(try await Pool.run { try file.read() })
                recall.forgetAll()
            } catch {
                log.write(.error, "the keys are not read again, the old ones go on: \(error)")
            }
            let isOld = keyReading == .readingOld
            keyReading = .idle
            if isOld { readKeysSoon() }
        }
    }

    /// An editor's save is several changes; they are taken together.
    static let settling = Duration.milliseconds(100)

    func reloadSoon() {
        reload?.cancel()
        reload = LoopTimer(after: Self.settling) { [unowned self] in
            // One reading after the other: an older one must not be taken over after a newer one.
            guard !isReloading else { return reloadSoon() }
            isReloading = true
            Task { @LoopActor in
                await reloadNow()
                isReloading = false
            }
        }
    }

    func watchFiles() {
        for watcher in watchers { watcher.cancel() }
        watchers = []
        let watched = settings.watchedPaths.map { HostPlaces.absolute($0) } + [file.path] + file.watchedPrograms
        for (folder, paths) in Dictionary(grouping: watched, by: HostPlaces.folder) {
            let names = Set(paths.map(HostPlaces.name))
            do {
                watchers.append(
                    try FileWatcher(folder: folder) { [unowned self] in if names.contains($0) { reloadSoon() } }
                )
            } catch {
                // A missing folder can hold no file; an exhausted inotify limit is worth a word.
                if error.code != ENOENT {
                    log.write(.warning, "changes in \(folder) are not noticed (send SIGHUP instead): \(error.reason)")
                }
            }
        }
    }
}
