// A disk whose k-th changing call fails, and that watches how it is used.
import Glibc
import Synchronization

@testable import EdgeRuntime

/// Counts the calls that change files; fails one of them; notes rules that were broken.
final class FaultyDisk: Sendable {
    struct Record: Sendable {
        /// Calls that can fail since ``arm(failing:code:)``.
        var count = 0
        var failing: Int?
        var code: Int32 = ENOSPC
        var hasFailed = false
        var created = 0
        var syncs: [String] = []
        /// Path of each open descriptor.
        var paths: [Int32: String] = [:]
        /// Descriptors whose sync failed and that are still open.
        var spoiled: Set<Int32> = []
        var brokenRules: [String] = []
    }

    private let record = Mutex(Record())

    var now: Record { record.withLock { $0 } }

    /// From now on the `k`-th call (0 is the next one) fails with `code`; nil: none.
    func arm(failing k: Int?, code: Int32 = ENOSPC) {
        record.withLock {
            $0.count = 0
            $0.failing = k
            $0.code = code
            $0.hasFailed = false
            $0.syncs = []
            $0.created = 0
        }
    }

    /// The code to answer with if this is the call that fails.
    private func turn() -> Int32? {
        record.withLock { record in
            defer { record.count += 1 }
            guard record.failing == record.count else { return nil }
            record.hasFailed = true
            return record.code
        }
    }

    var calls: FileCalls {
        let system = FileCalls.system
        var calls = system
        calls.open = { [self] path, flags, mode in
            if let code = turn() { return -code }
            let descriptor = system.open(path, flags, mode)
            record.withLock {
                $0.paths[descriptor] = path
                if flags & O_CREAT != 0 { $0.created += 1 }
            }
            return descriptor
        }
        calls.write = { [self] descriptor, bytes in
            if let code = turn() {
                // A full disk often takes a part first.
                if bytes.count > 1 { _ = system.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes[..<1])) }
                return -Int(code)
            }
            return system.write(descriptor, bytes)
        }
        calls.fsync = { [self] descriptor in
            record.withLock {
                if $0.spoiled.contains(descriptor) { $0.brokenRules.append("synced again after a failed sync") }
                $0.syncs.append($0.paths[descriptor] ?? "?")
            }
            if let code = turn() {
                record.withLock { _ = $0.spoiled.insert(descriptor) }
                return -code
            }
            return system.fsync(descriptor)
        }
        calls.close = { [self] descriptor in
            let code = turn()
            record.withLock {
                if $0.paths.removeValue(forKey: descriptor) == nil { $0.brokenRules.append("closed twice") }
                $0.spoiled.remove(descriptor)
            }
            let closed = system.close(descriptor)
            return code.map { -$0 } ?? closed
        }
        calls.rename = { [self] path, target in turn().map { -$0 } ?? system.rename(path, target) }
        calls.mkdir = { [self] path, mode in turn().map { -$0 } ?? system.mkdir(path, mode) }
        return calls
    }
}

/// Counts from any thread.
final class CallCounter: Sendable {
    private let number = Atomic(0)
    var count: Int { number.load(ordering: .relaxed) }
    func add() { number.add(1, ordering: .relaxed) }
}
