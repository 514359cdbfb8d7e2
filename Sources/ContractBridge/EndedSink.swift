/// Passes an answer on, and says when it has ended.
package struct EndedSink: AnswerSink {
    let sink: any AnswerSink
    let ended: @Sendable () -> Void

    package init(_ sink: any AnswerSink, ended: @escaping @Sendable () -> Void) {
        (self.sink, self.ended) = (sink, ended)
    }

    package func write(_ part: AnswerPart) -> Pressure { sink.write(part) }
    package func finish(_ error: CallError?) {
        ended()
        sink.finish(error)
    }
    package func whenWritable(_ wake: @escaping @Sendable () -> Void) { sink.whenWritable(wake) }
}
