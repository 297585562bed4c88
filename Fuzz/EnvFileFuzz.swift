// Any bytes as an env file, and any text as a value: the parser never traps, quoting gives back what it was given.

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzEnvFile(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    checkFile(bytes)
    checkQuoting(String(decoding: bytes, as: UTF8.self))
    return 0
}

private func checkFile(_ bytes: [UInt8]) {
    let environment = ["OUTER": "outer", "EMPTY": "", "LONG": String(repeating: "x", count: 5_000)]
    guard let file = try? EnvFile.parse(bytes, name: "fuzz.env", environment: environment) else { return }
    let lines = 1 + bytes.count { $0 == 0x0A || $0 == 0x0D }
    for diagnostic in file.diagnostics {
        precondition((1...lines).contains(diagnostic.line))
        let reason = EnvFileDiagnostic.Reason.allCases.first { $0 == diagnostic.reason }
        precondition("\(diagnostic)" == "fuzz.env:\(diagnostic.line): \(reason?.description ?? "")")
    }
    precondition(Set(file.assignments.map(\.name)).count == file.assignments.count)
    var again = ""
    for assignment in file.assignments {
        precondition(EnvFile.isName(assignment.name))
        precondition((1...lines).contains(assignment.line))
        precondition("\(assignment.value)" == "[secret]")
        guard let quoted = EnvQuoting.quoted(assignment.value.reveal()) else {
            preconditionFailure("a NUL came through")
        }
        precondition(!quoted.utf8.contains(0x0A))
        again += "\(assignment.name)=\(quoted)\n"
    }
    guard again.utf8.count <= EnvFile.fileBytesMax else { return }
    let second = try? EnvFile.parse(Array(again.utf8), name: "again.env")
    precondition(second?.diagnostics.isEmpty == true)
    precondition(second?.assignments.map(\.name) == file.assignments.map(\.name))
    precondition(second?.assignments.map(\.value) == file.assignments.map(\.value))
}

private func checkQuoting(_ value: String) {
    guard let quoted = EnvQuoting.quoted(value) else { return precondition(value.utf8.contains(0)) }
    guard value.utf8.count < EnvFile.assignmentBytesMax - 3 else { return }
    let text = "# before\nA=\(quoted) # after\nB=2\n"
    let file = try? EnvFile.parse(Array(text.utf8), name: "quoted.env")
    precondition(file?["A"]?.reveal().utf8.elementsEqual(value.utf8) == true)
    precondition(file?["B"]?.reveal() == "2")
    precondition(file?.diagnostics.isEmpty == true)
}
