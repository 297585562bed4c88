// An image file goes when no cache entry, no job document and no lease refers to it.
internal import EdgeLoop

extension ImageFiles {
    /// Keeps an image for a holder: a job's id, or a cache key. Asking twice counts once.
    func retain(_ name: ImageName, by holder: String) {
        references.retain(name.key, by: holder)
    }

    /// Ends a holder's reference; the file goes when this was the last one.
    func release(_ name: ImageName, by holder: String) {
        guard references.release(name.key, by: holder) else { return }
        removeSoon(name)
    }

    /// Whether anybody refers to the image.
    func isHeld(_ name: ImageName) -> Bool { references.isHeld(name.key) || leases[name.key] != nil }

    /// Whether anybody but the one lease of the caller refers to the image.
    func isHeldByOthers(_ name: ImageName) -> Bool { references.isHeld(name.key) || leases[name.key] ?? 0 > 1 }

    func beginLease(_ name: ImageName) {
        leases[name.key, default: 0] += 1
    }

    func endLease(_ name: ImageName) {
        let count = leases[name.key] ?? 0
        leases[name.key] = count > 1 ? count - 1 : nil
        if !isHeld(name) { removeSoon(name) }
    }

    private func removeSoon(_ name: ImageName) {
        guard !isHeld(name) else { return }
        removals += 1
        Task {
            await removeUnlessHeld(name)
            removals -= 1
            if removals == 0 { removalEnded.notify() }
        }
    }

    /// Waits until what nobody refers to any more is gone.
    func removalsEnded() async {
        while removals > 0, await removalEnded.wait(unless: { removals == 0 }) {}
    }

    /// Removes an image that nobody refers to. One that cannot be removed now goes with the next ``sweep()``.
    func removeUnlessHeld(_ name: ImageName) async {
        await gate.enter(name.key)
        defer { gate.leave(name.key) }
        guard !isHeld(name) else { return }
        forgetHandle(name)
        let files = state.files
        let path = path(of: name)
        bytes -= await Pool.run {
            let bytes = (try? files.status(path).bytes) ?? 0
            return (try? files.remove(path)) == nil ? 0 : bytes
        }
    }

    /// Removes the image files that nobody refers to, left by a host that died between an image and its job. Call it when every
    /// job and cache entry has been read and has retained what it refers to.
    /// - Returns: the bytes that stay.
    func sweep() async -> Int {
        var total = 0
        for folder in await prefixes() {
            for image in await contents(of: folder) {
                if !isHeld(image.name) { await removeUnlessHeld(image.name) }
                if isHeld(image.name) { total += image.bytes }
            }
        }
        bytes = total
        return total
    }

    private func prefixes() async -> [String] {
        let files = state.files
        let images = "\(state.path)/images"
        return await Pool.run { ((try? files.names(in: images)) ?? []).filter { $0.utf8.count == 2 } }
    }

    private func contents(of folder: String) async -> [(name: ImageName, bytes: Int)] {
        let files = state.files
        let path = "\(state.path)/images/\(folder)"
        return await Pool.run {
            ((try? files.names(in: path)) ?? []).compactMap { file in
                guard let name = ImageName(folder: folder, file: file),
                    let status = try? files.status("\(path)/\(file)")
                else { return nil }
                return (name, status.bytes)
            }
        }
    }
}
