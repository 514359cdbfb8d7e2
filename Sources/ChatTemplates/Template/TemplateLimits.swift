/// The limits on a chat template from a model file.  A file's author is not trusted: each limit ends the work with
/// `template_limit` and the place in the template.
package struct TemplateLimits: Sendable, Equatable {
    /// Bytes of template source.
    package var sourceBytesMax = 256 << 10
    /// Blocks, brackets and operators open inside each other, in the source; the same for values inside values.
    package var nestingMax = 64
    /// Nodes being evaluated inside each other while rendering, through macro calls too; a call counts for several.
    /// Chosen so that a debug build stays within 512 KiB of stack.
    package var depthMax = 128
    /// Nodes evaluated, plus the work of the bigger operations on text and lists.  The default ends any template within
    /// 250 ms of an optimised build.
    package var stepsMax = 1_000_000
    /// Bytes of the rendered prompt, and of any one text on the way to it.
    package var outputBytesMax = 1 << 20
    /// Spaces of one level that `tojson` and `indent` are asked for by their number; more are left out.
    package var indentMax = 1000
    /// Items of any one list.
    package var itemsMax = 100_000

    package init() {}
}
