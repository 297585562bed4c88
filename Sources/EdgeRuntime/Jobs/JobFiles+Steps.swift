// The steps that a job's file takes, each of them all or nothing.
internal import EdgeLoop

extension JobFiles {
    func perform(_ key: JobKey, _ step: Step) async throws(StateError) {
        try await turns.perform(key, step) { waiting in
            switch (step, waiting) {
            case (.replace, .finish), (.replace, .bury), (.replace, .amend): return .finished(id: key.id)
            case (.replace, .remove), (.amend, .remove), (.amend, .bury): return .unknown(id: key.id)
            default: return nil
            }
        } by: { [self] step in
            await run(key, step)
        }
    }

    private func run(_ key: JobKey, _ step: Step) async -> Result<Void, StateError> {
        do throws(StateError) {
            switch step {
            case .create(let document): try await runCreate(key, document)
            case .replace(let document): try await runReplace(key, document)
            case .finish(let document, let day): try await runFinish(key, document, day)
            case .amend(let document): try await runAmend(key, document)
            case .remove(let trace): try await runRemove(key, trace)
            case .bury(let reason): try await runBury(key, reason)
            }
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    private func runCreate(_ key: JobKey, _ document: [UInt8]) async throws(StateError) {
        guard finished.day(of: key) == nil else { throw .finished(id: key.id) }
        let isNew = active.insert(key).inserted
        do throws(StateError) {
            try await publish(document, key, in: activeFolder)
        } catch {
            if isNew {
                active.remove(key)
                let path = "\(activeFolder)/\(key.id).json"
                let files = state.files
                await files.run { files.discard(path) }
            }
            throw error
        }
    }

    private func runReplace(_ key: JobKey, _ document: [UInt8]) async throws(StateError) {
        guard active.contains(key) else {
            throw finished.day(of: key) == nil ? .unknown(id: key.id) : .finished(id: key.id)
        }
        try await publish(document, key, in: activeFolder)
    }

    private func runFinish(_ key: JobKey, _ document: [UInt8], _ day: String) async throws(StateError) {
        guard finished.day(of: key) == nil else { throw .finished(id: key.id) }
        let files = state.files
        let folder = "\(doneFolder)/\(day)"
        let path = "\(folder)/\(key.id).json"
        try await makeDay(day)
        do throws(StateError) {
            try await publish(document, key, in: folder)
        } catch {
            madeDays.remove(day)  // perhaps somebody removed the folder
            await files.run { files.discard(path) }
            throw error
        }
        finished.insert(key, day: day)
        guard active.remove(key) != nil else { return }
        let activePath = "\(activeFolder)/\(key.id).json"
        let isRemoved = await files.run { (try? files.remove(activePath)) != nil }
        if !isRemoved { leftovers.insert(key) }  // `done` wins at start, and the next removal tries again
    }

    private func runAmend(_ key: JobKey, _ document: [UInt8]) async throws(StateError) {
        guard let day = finished.day(of: key) else { throw .unknown(id: key.id) }
        try await publish(document, key, in: "\(doneFolder)/\(day)")
    }

    private func runRemove(_ key: JobKey, _ trace: [UInt8]?) async throws(StateError) {
        let activePath = "\(activeFolder)/\(key.id).json"
        let day = finished.day(of: key)
        guard day != nil || active.contains(key) else { throw .unknown(id: key.id) }
        let files = state.files
        // Before anything goes: a crash then leaves the job, the trace or both.
        if let day, let trace {
            do throws(StateError) {
                try await leave(trace, of: key, day: day)
            } catch {
                // Removing jobs is how room is made, and until there is some no run is accepted that could pass a cap.
                guard error.isDiskFull else { throw error }
            }
        }
        // Then the active file, durably: were it to come back without the finished one, the job would run again.
        try await state.directorySync.sync(activeFolder) { () throws(StateError) in try files.remove(activePath) }
        active.remove(key)
        leftovers.remove(key)
        guard let day else { return }
        let folder = "\(doneFolder)/\(day)"
        try await state.directorySync.sync(folder) { () throws(StateError) in
            try files.remove("\(folder)/\(key.id).json")
        }
        finished.remove(key)
    }

    private func runBury(_ key: JobKey, _ reason: String) async throws(StateError) {
        let day = finished.day(of: key)
        guard day != nil || active.contains(key) else { throw .unknown(id: key.id) }
        let path = "\(day.map { "\(doneFolder)/\($0)" } ?? activeFolder)/\(key.id).json"
        let grave = try await bury(path, name: key.id)
        active.remove(key)
        finished.remove(key)
        onBuried(BuriedJob(id: key.id, reason: reason, path: grave))
    }

    /// The sequence of every durable file: written and synced under another name, renamed, the folder synced.
    func publish(
        _ document: [UInt8],
        _ key: JobKey,
        in folder: String,
        suffix: String = "json"
    ) async throws(StateError) {
        let id = key.id
        let files = state.files
        let temporary = state.temporaryPath(for: id)
        try await state.directorySync.sync(folder) { () throws(StateError) in
            try files.writeNew(temporary, document)
            try files.move(temporary, to: "\(folder)/\(id).\(suffix)")
        }
    }

    private func makeDay(_ day: String) async throws(StateError) {
        guard !madeDays.contains(day) else { return }
        let files = state.files
        let folder = "\(doneFolder)/\(day)"
        try await state.directorySync.sync(doneFolder) { () throws(StateError) in try files.makeFolder(folder) }
        madeDays.insert(day)
        knownDays.insert(day)
    }

    /// Moves a file to `dead` under a name that is free there.
    func bury(_ path: String, name: String) async throws(StateError) -> String {
        let files = state.files
        let dead = "\(state.path)/jobs/dead"
        return try await Pool.files { () throws(StateError) in
            let taken = Set(try files.names(in: dead))
            var grave = "\(name).json"
            var number = 1
            while taken.contains(grave) {
                number += 1
                grave = "\(name).\(number).json"
            }
            let code = files.calls.rename(path, "\(dead)/\(grave)")
            guard code == 0 else { throw .failed(doing: "move to \(dead)", path: path, code: -code) }
            return "\(dead)/\(grave)"
        }
    }
}
