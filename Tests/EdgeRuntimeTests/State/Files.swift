// What is on disk, for tests: relative paths of all files below a folder.
import Glibc
import TestSupport

@testable import EdgeRuntime

extension TemporaryFolder {
    private var files: FileWriter { FileWriter(calls: .system) }

    func names(in folder: String) -> [String] { ((try? files.names(in: "\(path)/\(folder)")) ?? []).sorted() }

    func text(_ name: String) -> String? {
        (try? files.read("\(path)/\(name)", bytesMax: 1 << 20)).map { String(decoding: $0, as: UTF8.self) }
    }

    func exists(_ name: String) -> Bool { (try? files.status("\(path)/\(name)")) != nil }

    func makeFolder(_ name: String) { mkdir("\(path)/\(name)", 0o700) }

    func writeBytes(_ bytes: [UInt8], to name: String) {
        try? files.remove("\(path)/\(name)")
        try? files.writeNew("\(path)/\(name)", bytes)
    }
}
