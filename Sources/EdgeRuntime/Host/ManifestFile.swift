// Reads functions.json, and finds the programs that it names.
internal import Callers
internal import CivilTime
internal import EdgeLoop
internal import FileReading
internal import Glibc
internal import Limits

/// A manifest that can be served: parsed, and every program found.
struct ManifestFile: Sendable {
    let path: String
    let manifest: Manifest
    /// Absolute paths by function.
    let programs: [String: String]
    /// Absolute paths of settings files by function; each can be read.
    let settings: [String: String]
    /// The public keys of tokens.
    let tokenKeys: JWTKeySet
    /// The words that no prompt may have.
    let policy: PromptPolicy
    /// Where days and months begin.
    let timeZone: TimeZone

    /// The programs, and the scripts among their arguments: a change of one is a change of its function.
    var watchedPrograms: [String] {
        let scripts = manifest.functions.flatMap { $0.run.dropFirst() }.map {
            $0.hasPrefix("/") ? $0 : "\(folder)/\($0)"
        }
        return [tokenKeysPath, Self.policyPath(manifest, path)].compactMap { $0 } + Array(programs.values)
            + Array(settings.values)
            + scripts.filter { access($0, F_OK) == 0 }
    }

    private var tokenKeysPath: String? { Self.tokenKeysPath(manifest, path) }

    var folder: String { HostPlaces.folder(path) }

    /// Bytes of a functions.json.
    private static let bytesMax = 4 << 20

    /// Blocks while it reads: call it on the pool.
    /// - Parameter path: absolute.
    /// - Throws: ``HostError`` with every mistake, a line each.
    static func read(_ path: String, programFolder: String, searchPath: String) throws(HostError) -> ManifestFile {
        let name = HostPlaces.name(path)
        let bytes = try contents(of: path)
        let manifest: Manifest
        do {
            manifest = try Manifest.parse(bytes, file: name)
        } catch {
            throw HostError("\(error)")
        }
        let finder = ProgramFinder(
            programFolder: programFolder,
            manifestFolder: HostPlaces.folder(path),
            searchPath: searchPath
        )
        var programs: [String: String] = [:]
        for entry in manifest.functions {
            do {
                programs[entry.name] = try finder.find(entry.run[0])
            } catch {
                throw HostError("\(name): functions.\(entry.name).run: \(error)")
            }
        }
        return ManifestFile(
            path: path,
            manifest: manifest,
            programs: programs,
            settings: try settings(of: manifest, path),
            tokenKeys: try tokenKeys(of: manifest, path),
            policy: try policy(of: manifest, path),
            timeZone: try timeZone(of: manifest, name)
        )
    }

    private static func timeZone(of manifest: Manifest, _ file: String) throws(HostError) -> TimeZone {
        guard let zone = manifest.host.spend.timeZone else { return .utc }
        do { return try TimeZoneFile.read(zone) } catch { throw HostError("\(file): host.timeZone: \(error.reason)") }
    }

    private static func settings(of manifest: Manifest, _ path: String) throws(HostError) -> [String: String] {
        var found: [String: String] = [:]
        for entry in manifest.functions {
            guard let file = entry.settings else { continue }
            let absolute = file.hasPrefix("/") ? file : "\(HostPlaces.folder(path))/\(file)"
            guard access(absolute, R_OK) == 0 else {
                let reason = String(cString: strerror(errno))
                throw HostError(
                    "\(HostPlaces.name(path)): functions.\(entry.name).settings: \(absolute) cannot be read (\(reason)); "
                        + "put the file there, or leave the key out"
                )
            }
            found[entry.name] = absolute
        }
        return found
    }

    private static func tokenKeysPath(_ manifest: Manifest, _ path: String) -> String? {
        manifest.host.jwt.keysFile.map { $0.hasPrefix("/") ? $0 : "\(HostPlaces.folder(path))/\($0)" }
    }

    private static func tokenKeys(of manifest: Manifest, _ path: String) throws(HostError) -> JWTKeySet {
        guard let file = tokenKeysPath(manifest, path) else { return JWTKeySet() }
        let name = HostPlaces.name(path)
        let bytes: [UInt8]
        do { bytes = try contents(of: file) } catch { throw HostError("\(name): host.jwt.keys: \(error)") }
        do {
            return try JWTKeySet(bytes)
        } catch {
            throw HostError("\(name): host.jwt.keys: \(file) is no key set to use: \(error)")
        }
    }

    private static func policyPath(_ manifest: Manifest, _ path: String) -> String? {
        manifest.host.policy.map { $0.hasPrefix("/") ? $0 : "\(HostPlaces.folder(path))/\($0)" }
    }

    private static func policy(of manifest: Manifest, _ path: String) throws(HostError) -> PromptPolicy {
        guard let file = policyPath(manifest, path) else { return PromptPolicy() }
        let bytes: [UInt8]
        do { bytes = try contents(of: file) } catch {
            throw HostError("\(HostPlaces.name(path)): host.policy: \(error)")
        }
        do { return try PromptPolicy(bytes, file: HostPlaces.name(file)) } catch { throw HostError("\(error)") }
    }

    private static func contents(of path: String) throws(HostError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw HostError(
                "cannot read \(path): \(String(cString: strerror(errno))); name the manifest with --functions"
            )
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw HostError("cannot read \(path): \(String(cString: strerror(errno)))")
            }
            if count == 0 { return bytes }
            bytes += buffer[0..<count]
            guard bytes.count <= bytesMax else {
                throw HostError("\(path) is larger than \(bytesMax >> 20) MB; that is no functions.json")
            }
        }
    }

    /// Where the manifest is when nobody says: ./functions.json, else the one above or beside the program (a clone has it above
    /// .build/release, an installation beside the programs).
    static func standardPath(workingFolder: String, programFolder: String) -> String {
        let places = [
            "\(workingFolder)/functions.json", "\(programFolder)/functions.json",
            "\(programFolder)/../../../functions.json",
        ]
        return places.first { access($0, R_OK) == 0 } ?? places[0]
    }
}
