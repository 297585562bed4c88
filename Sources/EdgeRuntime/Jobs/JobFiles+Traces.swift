// What removed jobs leave behind, so that the runs of a day can still be counted.
internal import EdgeLoop

extension JobFiles {
    /// Traces lie beside the finished jobs of their day: `done/DAY/ID.removed`.
    nonisolated static let traceSuffix = "removed"

    func leave(_ trace: [UInt8], of key: JobKey, day: String) async throws(StateError) {
        try await publish(trace, key, in: "\(doneFolder)/\(day)", suffix: Self.traceSuffix)
        traces.insert(key, day: day)
    }

    /// Reads the traces of one day and hands over each. Those that cannot be read are left out: they guard a count, no job.
    func eachTrace(of day: String, _ body: @LoopActor ([UInt8]) -> Void) async {
        let files = state.files
        let folder = "\(doneFolder)/\(day)"
        let keys = traces.keys(of: day)
        let found = await Pool.run {
            keys.compactMap {
                try? files.read("\(folder)/\($0.id).\(Self.traceSuffix)", bytesMax: Self.documentBytesMax)
            }
        }
        for trace in found { body(trace) }
    }

    /// Removes the traces of all days before `day`; those that could not be removed go the next time.
    func removeTraces(before day: String) async {
        let files = state.files
        for name in traces.dayNames where name < day {
            let folder = "\(doneFolder)/\(name)"
            let keys = traces.keys(of: name)
            let gone = await Pool.run {
                keys.filter { (try? files.remove("\(folder)/\($0.id).\(Self.traceSuffix)")) != nil }
            }
            for key in gone { traces.remove(key) }
            guard finished.keys(of: name).isEmpty else { continue }
            madeDays.remove(name)
            await Pool.run { _ = files.calls.rmdir(folder) }  // refused while something is left in it
        }
    }
}
