package io.finback.nodeagent.api.v1;

import akka.NotUsed;
import akka.actor.typed.ActorSystem;
import akka.japi.Pair;
import akka.stream.BoundedSourceQueue;
import akka.stream.Materializer;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import io.finback.mesos.v1.Encoding;
import io.finback.mesos.v1.RecordIo;
import io.finback.nodeagent.node.ExecutorEvent;
import io.finback.nodeagent.node.ExecutorStream;
import java.time.Duration;
import java.util.function.Function;
import org.apache.mesos.v1.executor.Protos.Event;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Events on their way to one executor. Bounded: who does not read is cut off and may subscribe again. Thread-safe. */
final class ExecutorQueue implements ExecutorStream {
    private static final Logger log = LoggerFactory.getLogger(ExecutorQueue.class);
    /** Events that may wait; one is a task or less. */
    private static final int CAPACITY = 10_000;
    /** As Mesos. */
    private static final Duration HEARTBEAT = Duration.ofMinutes(30);

    private final BoundedSourceQueue<ExecutorEvent> queue;
    private final Source<ByteString, NotUsed> bytes;

    ExecutorQueue(ActorSystem<?> system, Encoding encoding, Function<ExecutorEvent, Event> translation) {
        Pair<BoundedSourceQueue<ExecutorEvent>, Source<ExecutorEvent, NotUsed>> made =
                Source.<ExecutorEvent>queue(CAPACITY).preMaterialize(Materializer.matFromSystem(system));
        Event heartbeat = Event.newBuilder().setType(Event.Type.HEARTBEAT).build();
        this.queue = made.first();
        this.bytes = made.second()
                .map(translation::apply)
                .keepAlive(HEARTBEAT, () -> heartbeat)
                .map(event -> ByteString.fromArrayUnsafe(RecordIo.frame(encoding.write(event))));
    }

    /** To be run once. */
    Source<ByteString, NotUsed> bytes() {
        return bytes;
    }

    @Override
    public void send(ExecutorEvent event) {
        if (!queue.offer(event).isEnqueued()) {
            log.warn(
                    "executor.stream_overflow event={} next=cut_off",
                    event.getClass().getSimpleName());
            queue.fail(new IllegalStateException("the executor reads too slowly"));
        }
    }

    @Override
    public void close() {
        queue.complete();
    }
}
