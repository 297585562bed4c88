// Which kind of file system a folder is on, as far as it changes what the operator must know.

enum FileSystemKind: Equatable, Sendable {
    case disk
    /// In memory: gone with the machine or the container, and nothing waits for it. tmpfs, ramfs.
    case memory(name: String)
    /// Gone with the container: its overlay.
    case throwAway(name: String)
    /// A server's, where a done rename may look failed and locks may be emulated.
    case network(name: String)

    /// Looks up the device in the kernel's list of mounts; a device that is not listed (btrfs) counts as a disk.
    init(device: UInt64, files: FileWriter) {
        let mounts = (try? files.readStream("/proc/self/mountinfo", bytesMax: 1 << 20)) ?? []
        self.init(device: device, mounts: String(decoding: mounts, as: UTF8.self))
    }

    /// - Parameter mounts: lines as in proc(5): `36 35 98:0 /root /mountpoint options ... - ext4 /dev/vda options`.
    init(device: UInt64, mounts: String) {
        // makedev(3): the low and the high bits of both numbers take turns
        let major = device >> 8 & 0xfff | device >> 32 & ~0xfff
        let minor = device & 0xff | device >> 12 & ~0xff
        let wanted = "\(major):\(minor)"
        for line in mounts.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count > 4, words[2] == wanted, let dash = words.lastIndex(of: "-"), dash + 1 < words.count
            else {
                continue
            }
            self.init(name: String(words[dash + 1]))
            return
        }
        self = .disk
    }

    private init(name: String) {
        switch name {
        case "tmpfs", "ramfs": self = .memory(name: name)
        case "overlay": self = .throwAway(name: name)
        case "nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "fuse": self = .network(name: name)
        case _ where name.hasPrefix("fuse."): self = .network(name: name)
        default: self = .disk
        }
    }
}
