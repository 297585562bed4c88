// What runs below a process, read from /proc.
internal import EdgeLoop
internal import Glibc

/// Looks at other processes of this machine.
public enum ProcessTree {
    /// Processes whose parent is `id`, and theirs.
    public static func descendants(of id: Int32) -> [Int32] {
        var children: [Int32: [Int32]] = [:]
        for name in filesIn("/proc") {
            guard let child = Int32(name), let parent = parent(of: child) else { continue }
            children[parent, default: []].append(child)
        }
        var found: [Int32] = []
        var open = [id]
        while let next = open.popLast() {
            let more = children[next] ?? []
            found += more
            open += more
        }
        return found.sorted()
    }

    /// Whether it still runs; a zombie does not.
    public static func isRunning(_ id: Int32) -> Bool {
        guard let fields = status(of: id) else { return false }
        return fields.first != "Z" && fields.first != "X"
    }

    /// The program's file name.
    public static func name(of id: Int32) -> String? {
        var path = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/\(id)/exe", &path, path.count)
        guard count > 0 else { return nil }
        return String(decoding: path[..<count], as: UTF8.self).split(separator: "/").last.map(String.init)
    }

    /// `NAME=value` of the environment that it was started with.
    public static func environment(of id: Int32) -> [String] {
        (fileText("/proc/\(id)/environ") ?? "").split(separator: "\0").map(String.init)
    }

    /// What its descriptors refer to.
    public static func descriptors(of id: Int32) -> [String] {
        filesIn("/proc/\(id)/fd").compactMap { descriptor in
            var path = [UInt8](repeating: 0, count: Int(PATH_MAX))
            let count = readlink("/proc/\(id)/fd/\(descriptor)", &path, path.count)
            return count > 0 ? "\(descriptor) \(String(decoding: path[..<count], as: UTF8.self))" : nil
        }
    }

    /// Returns when none of them runs any more.
    @LoopActor
    public static func ended(_ ids: [Int32], atMost limit: Duration = Changes.patience) async throws {
        try await eventually("the end of processes \(ids.filter(isRunning))", atMost: limit) {
            !ids.contains(where: isRunning)
        }
    }

    /// State, parent and so on: what follows the name in /proc/<id>/stat.
    private static func status(of id: Int32) -> [Substring]? {
        guard let text = fileText("/proc/\(id)/stat"), let close = text.lastIndex(of: ")") else { return nil }
        return text[text.index(after: close)...].split(separator: " ")
    }

    private static func parent(of id: Int32) -> Int32? {
        guard let fields = status(of: id), fields.count > 1 else { return nil }
        return Int32(fields[1])
    }
}

extension ProcessTree {
    /// SIGKILL.
    public static func kill(_ id: Int32) { Glibc.kill(id, SIGKILL) }
}
