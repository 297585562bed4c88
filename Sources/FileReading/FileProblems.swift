// Collects the mistakes of a file while it is read.
package import JSON

package final class FileProblems {
    private let file: String
    private let locations: JSONLocations
    private var found: [(column: Int, error: FileMistake)] = []

    package init(file: String, locations: JSONLocations) {
        self.file = file
        self.locations = locations
    }

    /// Notes a mistake at what `pointer` names.
    package func add(_ reason: String, at pointer: String, key: String) {
        let place = locations[pointer]
        let error = FileMistake(file: file, line: place?.line ?? 1, key: key, reason: reason)
        found.append((place?.column ?? 1, error))
    }

    /// Everything noted, in the order of the file.
    package var errors: [FileMistake] {
        found.enumerated().sorted {
            ($0.element.error.line, $0.element.column, $0.offset) < (
                $1.element.error.line, $1.element.column, $1.offset
            )
        }.map(\.element.error)
    }
}
