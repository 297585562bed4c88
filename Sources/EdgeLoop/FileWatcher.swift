// Changes in a folder, as callbacks on the loop.
internal import CUV

/// Calls back with the name of each entry of one folder that changes, until it is cancelled or released.
///
/// A folder is watched, not a file: editors replace files, and a watch on the old file would see nothing more.
/// Nothing says how many calls a change makes; wait a moment and look at the file.
@LoopActor
public final class FileWatcher {
    private let watcher = UnsafeMutablePointer<uv_fs_event_t>.allocate(capacity: 1)
    private let body: @LoopActor (String) -> Void
    private var isOpen = true

    /// - Throws: ``SystemError`` when the folder cannot be watched (missing, or the user's inotify limit is reached).
    public init(folder: String, _ body: @escaping @LoopActor (String) -> Void) throws(SystemError) {
        self.body = body
        uv_fs_event_init(LoopActor.loop.handle, watcher)
        watcher.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        let status = uv_fs_event_start(
            watcher,
            { @Sendable handle, name, _, _ in
                guard let owner = handle?.pointee.data?.object(as: FileWatcher.self) else { return }
                let name = name.map { String(cString: $0) } ?? ""
                LoopActor.assumeIsolated { owner.body(name) }
            },
            folder,
            0
        )
        guard status == 0 else {
            cancel()
            throw SystemError(code: -status, doing: "watching \(folder)")
        }
    }

    public func cancel() {
        guard isOpen else { return }
        isOpen = false
        closeHandle(watcher)
    }

    isolated deinit { cancel() }
}
