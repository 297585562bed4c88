// Reading and changing files in tests; blocking, since nothing else waits meanwhile.
internal import Glibc

/// The bytes of a file; nil when it cannot be read.
public func fileBytes(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return count == 0 ? bytes : nil }
        bytes += buffer[..<count]
    }
}

public func fileText(_ path: String) -> String? { fileBytes(path).map { String(decoding: $0, as: UTF8.self) } }

public func fileExists(_ path: String) -> Bool { access(path, F_OK) == 0 }

/// Names in a folder, without `.` and `..`, sorted; empty when there is no such folder.
public func filesIn(_ path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
}

/// Every file below a folder.
public func filesBelow(_ path: String) -> [String] {
    filesIn(path).flatMap { name -> [String] in
        let inner = "\(path)/\(name)"
        var status = stat()
        guard lstat(inner, &status) == 0 else { return [] }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return filesBelow(inner)
        case S_IFREG: return [inner]
        default: return []
        }
    }
}

/// Replaces a file in one step, as editors and tools do.
public func replaceFile(_ path: String, with text: String, mode: UInt32 = 0o600) {
    let next = path + ".next"
    let descriptor = open(next, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, mode_t(mode))
    precondition(descriptor >= 0, "cannot write \(next)")
    let bytes = Array(text.utf8)
    let count = write(descriptor, bytes, bytes.count)
    close(descriptor)
    precondition(count == bytes.count && rename(next, path) == 0, "cannot replace \(path)")
}

/// Overwrites bytes in the middle of a file, as a failing disk does.
public func damageFile(_ path: String, at offset: Int = 40) {
    chmod(path, 0o600)
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    precondition(descriptor >= 0, "cannot open \(path)")
    let junk: [UInt8] = [0xDE, 0xAD, 0xBE, 0xEF]
    pwrite(descriptor, junk, junk.count, off_t(offset))
    close(descriptor)
}

public func makeFolder(_ path: String) { precondition(mkdir(path, 0o700) == 0, "cannot make \(path)") }

public func removeFile(_ path: String) { unlink(path) }

/// Puts a copy of a program at `target` in one step.
public func copyProgram(_ source: String, to target: String) {
    let next = target + ".next"
    guard let bytes = fileBytes(source) else { preconditionFailure("cannot read \(source)") }
    let descriptor = open(next, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0o700)
    precondition(descriptor >= 0, "cannot write \(next)")
    var done = 0
    while done < bytes.count {
        let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress?.advanced(by: done), bytes.count - done) }
        precondition(count > 0, "cannot write \(next)")
        done += count
    }
    close(descriptor)
    precondition(rename(next, target) == 0, "cannot replace \(target)")
}
