// Where the host finds its files.
internal import Glibc

/// Absolute paths of one run, worked out once at start.
struct HostPlaces: Sendable {
    /// functions.json
    let manifest: String
    /// The folder of the running program: functions are looked for there first.
    let programs: String
    let state: String
    /// The folder of `.env` and `.env.local`: where the host was started.
    let project: String

    init(_ options: ServeOptions) throws(HostError) {
        guard let programs = ProgramFinder.folderOfThisProgram() else {
            throw HostError("/proc is not mounted, so this program cannot find its functions")
        }
        self.programs = programs
        project = Self.workingFolder
        state = Self.absolute(options.state)
        manifest =
            options.functions.map(Self.absolute)
            ?? Self.canonical(ManifestFile.standardPath(workingFolder: project, programFolder: programs))
    }

    static func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "\(workingFolder)/\(path)" }

    static func folder(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    private static func canonical(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static var workingFolder: String {
        guard let folder = getcwd(nil, 0) else { return "." }
        defer { free(folder) }
        return String(cString: folder)
    }
}
