// The mask of an edit: edge's is white where the picture is made new, OpenAI's is transparent there.
internal import EdgeLoop
internal import PNG
internal import Providers

enum OpenAIMask {
    /// The mask by OpenAI's custom, made off the loop.
    /// - Throws: ``OpenAIMaskError`` for what is no PNG that can be read.
    @LoopActor
    static func fitting(_ mask: [UInt8]) async throws(OpenAIMaskError) -> [UInt8] {
        let result = await Pool.run { () -> Result<[UInt8], PNGMaskError> in
            do throws(PNGMaskError) {
                return .success(try PNGMask(reading: mask).transparentWhereWhite())
            } catch {
                return .failure(error)
            }
        }
        do { return try result.get() } catch { throw OpenAIMaskError(reason: error.description) }
    }
}

/// Why a mask cannot be sent.
struct OpenAIMaskError: Error, Equatable, CustomStringConvertible {
    let reason: String

    var description: String {
        "the mask cannot be used: \(reason); send a PNG, white where the picture may change, of the picture's size"
    }
}
