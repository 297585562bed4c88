// A host that dies, or whose disk fails, at its k-th call that changes something in its state folder.
import EdgeLoop
import Glibc
import TestSupport

/// What happens at the point.
enum CrashFault: String, CaseIterable, Sendable {
    /// SIGKILL right before the call.
    case before
    /// SIGKILL right after it.
    case after
    /// A sync fails with EIO; only syncs count.
    case eio
    /// The disk is full for one call.
    case full
    /// The disk is full from then on.
    case enospc
}

/// The library of `Tests/CrashPoint`, built once for all tests.
@LoopActor
enum CrashPoint {
    private static let folder = TemporaryFolder()
    private static var building: Task<String, any Error>?

    /// The environment that makes a host of `state` meet its fault.
    /// - Parameter log: a file that gets a line for each call that counts.
    static func environment(
        _ fault: CrashFault,
        at point: Int,
        state: String,
        log: String
    ) async throws -> [(name: String, value: String)] {
        [
            ("LD_PRELOAD", try await library()), ("EDGE_POINT_FOLDER", state), ("EDGE_POINT", "\(point)"),
            ("EDGE_POINT_HOW", fault.rawValue), ("EDGE_POINT_LOG", log),
        ]
    }

    private static func library() async throws -> String {
        if let building { return try await building.value }
        let task = Task { @LoopActor in
            let clone = BuiltPrograms.manifest.dropLast("functions.json".count)
            let path = "\(folder.path)/crash_point.so"
            let source = "\(clone)Tests/CrashPoint/crash_point.c"
            let result = try await runProgram(clang(), ["-shared", "-fPIC", "-O1", "-o", path, source], in: folder)
            guard result.exit == .exited(0) else { throw LibraryNotBuilt(text: result.text) }
            return path
        }
        building = task
        return try await task.value
    }

    /// The compiler of the Swift toolchain, wherever that is.
    private static func clang() -> String {
        let places = getenv("PATH").map { String(cString: $0) } ?? ""
        return places.split(separator: ":").map { "\($0)/clang" }.first { access($0, X_OK) == 0 } ?? "clang"
    }
}

struct LibraryNotBuilt: Error, CustomStringConvertible {
    let text: String
    var description: String { "Tests/CrashPoint/crash_point.c was not built:\n\(text)" }
}
