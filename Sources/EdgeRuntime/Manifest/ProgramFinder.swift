// Where the program of a function's `run` is found.
internal import FileReading
internal import Glibc

/// Looks for a program beside `edge`, then in the manifest's folder, then on PATH. Asks the file system, so call it on a thread of
/// the pool.
package struct ProgramFinder: Sendable {
    /// What is at a path.
    package enum Finding: Sendable { case nothing, notExecutable, program }

    /// The folder of the running `edge` program.
    package let programFolder: String
    /// The folder of functions.json.
    package let manifestFolder: String
    /// The folders of PATH, in order.
    package let searchPath: [String]
    private let look: @Sendable (String) -> Finding

    /// - Parameters:
    ///   - searchPath: PATH as it is in the environment. Empty and relative folders in it are passed over: what they mean depends on
    ///     where the host was started.
    ///   - look: what is at a path; the default asks the file system.
    package init(
        programFolder: String,
        manifestFolder: String,
        searchPath: String,
        look: @escaping @Sendable (String) -> Finding = ProgramFinder.lookAtFile
    ) {
        self.programFolder = programFolder
        self.manifestFolder = manifestFolder
        self.searchPath = searchPath.split(separator: ":").filter { $0.hasPrefix("/") }.map(String.init)
        self.look = look
    }

    /// The path of the program that `name` means. A name with a slash is never looked for on PATH; an absolute one only where it
    /// says.
    package func find(_ name: String) throws(ProgramNotFound) -> String {
        let places: [String]
        if name.hasPrefix("/") {
            places = [name]
        } else {
            let folders = [programFolder, manifestFolder] + (name.contains("/") ? [] : searchPath)
            places = folders.map { $0.hasSuffix("/") ? $0 + name : "\($0)/\(name)" }
        }
        var notExecutable: String?
        for place in places {
            switch look(place) {
            case .program: return place
            case .notExecutable: notExecutable = notExecutable ?? place
            case .nothing: break
            }
        }
        throw ProgramNotFound(name: name, places: places, notExecutable: notExecutable)
    }

    /// Whether a file that we may execute is at `path`.
    package static let lookAtFile: @Sendable (String) -> Finding = { path in
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return .nothing }
        return access(path, X_OK) == 0 ? .program : .notExecutable
    }

    /// The folder of the program that runs now; nil when /proc is not there.
    package static func folderOfThisProgram() -> String? {
        var path = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &path, path.count)
        guard count > 0, let slash = path[..<count].lastIndex(of: UInt8(ascii: "/")) else { return nil }
        return String(decoding: path[..<max(slash, 1)], as: UTF8.self)
    }
}

/// No program where it was looked for.
package struct ProgramNotFound: Error, Equatable, Sendable, CustomStringConvertible {
    package let name: String
    /// Every path that was looked at, in order.
    package let places: [String]
    /// A file that was found and may not be executed.
    package let notExecutable: String?

    package var description: String {
        if let notExecutable {
            return "\(notExecutable) is there but may not be executed; run: chmod +x \(notExecutable)"
        }
        return "there is no program \(quoted(name)); looked at \(places.joined(separator: ", ")); "
            + "build or install it, or correct run in functions.json"
    }
}
