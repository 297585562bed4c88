// Collects ended children: ours, and as process 1 everybody's.
internal import CUV
internal import Glibc

/// One for the process. Waits for any child, so that orphans which fall to process 1 leave no zombies.
@LoopActor
final class ChildReaper {
    static let shared = ChildReaper()
    private var children: [Int32: ChildProcess] = [:]
    private var watcher: SignalWatcher?

    func start() {
        guard watcher == nil else { return }
        watcher = SignalWatcher(SIGCHLD) { [unowned self] in reap() }
    }

    /// The reaper holds a running child: its owner may let go of it.
    func add(_ child: ChildProcess) { children[child.id] = child }

    private func reap() {
        while true {
            // Looked at first and collected after: until then its id, and so its group's, is nobody else's.
            let id = edge_ended_child()
            guard id > 0 else { return }
            children[id]?.killGroup()
            var status: Int32 = 0
            while waitpid(id, &status, 0) < 0 && errno == EINTR {}
            let signal = edge_signaled(status)
            children.removeValue(forKey: id)?.ended(signal != 0 ? .signaled(signal) : .exited(edge_exited(status)))
        }
    }
}
