// Tells whether a function's program was built or edited since it was started.
internal import Glibc

/// What the file system says of the program, of those of its arguments that are files (`node thumbs.mjs`), and of its settings.
struct ProgramStamp: Equatable, Sendable {
    private struct File: Equatable, Sendable {
        var device: UInt64
        var inode: UInt64
        var bytes: Int64
        var seconds: Int64
        var nanoseconds: Int64
    }

    private var files: [File?]

    init(_ function: IsolateFunction) {
        let settings = function.settings.map { [$0] } ?? []
        files = ([function.program] + function.arguments + settings).map { name in
            var info = stat()
            let path = name.hasPrefix("/") ? name : function.folder + "/" + name
            guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return nil }
            return File(
                device: UInt64(info.st_dev),
                inode: UInt64(info.st_ino),
                bytes: Int64(info.st_size),
                seconds: Int64(info.st_mtim.tv_sec),
                nanoseconds: Int64(info.st_mtim.tv_nsec)
            )
        }
    }
}
