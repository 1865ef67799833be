package io.finback.controlplane.mesosapi;

import akka.stream.Attributes;
import akka.stream.Outlet;
import akka.stream.SourceShape;
import akka.stream.stage.AbstractOutHandler;
import akka.stream.stage.AsyncCallback;
import akka.stream.stage.GraphStage;
import akka.stream.stage.GraphStageLogic;
import akka.stream.stage.TimerGraphStageLogic;
import akka.util.ByteString;
import io.finback.controlplane.view.EventLog;
import io.finback.controlplane.view.Page;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * One subscriber of the event stream. It holds a number and takes events from the log when its client reads; nothing waits for it
 * in between. It ends when the log no longer has what comes next, or when its client takes not even heartbeats.
 */
final class EventSource extends GraphStage<SourceShape<ByteString>> {
    private static final int BATCH = 256;
    private static final int MISSED_HEARTBEATS = 4;

    private final Outlet<ByteString> out = Outlet.create("events");
    private final SourceShape<ByteString> shape = SourceShape.of(out);
    private final Rope head;
    private final EventLog log;
    private final long start;
    private final Function<Page<EventLog.Entry>, byte[]> write;
    private final byte[] heartbeat;
    private final Runnable onTooSlow;

    /** @param head what comes before the events, the one at {@code start} included */
    EventSource(
            Rope head,
            EventLog log,
            long start,
            Function<Page<EventLog.Entry>, byte[]> write,
            byte[] heartbeat,
            Runnable onTooSlow) {
        this.head = head;
        this.log = log;
        this.start = start;
        this.write = write;
        this.heartbeat = heartbeat;
        this.onTooSlow = onTooSlow;
    }

    @Override
    public SourceShape<ByteString> shape() {
        return shape;
    }

    @Override
    public GraphStageLogic createLogic(Attributes attributes) {
        return new Logic();
    }

    /** Inner, as Akka Streams wants it: a stage is a recipe, and this is one cooking of it. */
    private final class Logic extends TimerGraphStageLogic {
        private long place = start;
        private final Iterator<Fragment> ahead = head.fragments().iterator();
        private int heartbeatsDue;
        private int silentIntervals;
        private Runnable unfollow = () -> {};

        Logic() {
            super(shape);
            setHandler(out, new AbstractOutHandler() {
                @Override
                public void onPull() {
                    silentIntervals = 0;
                    next();
                }
            });
        }

        @Override
        public void preStart() {
            AsyncCallback<Integer> wake = createAsyncCallback(any -> next());
            unfollow = log.follow(() -> wake.invoke(0));
            Duration interval = Duration.ofMillis((long) (EventStreams.HEARTBEAT_SECONDS * 1000));
            scheduleAtFixedRate("heartbeat", interval, interval);
            // Mesos sends one at once, so that clients know the stream works.
            heartbeatsDue = 1;
        }

        @Override
        public void onTimer(Object key) {
            heartbeatsDue = 1;
            if (!isAvailable(out) && ++silentIntervals > MISSED_HEARTBEATS) {
                tooSlow();
            } else {
                next();
            }
        }

        @Override
        public void postStop() {
            unfollow.run();
        }

        private void next() {
            boolean taken = isAvailable(out);
            if (taken && ahead.hasNext()) {
                push(out, ByteString.fromArrayUnsafe(ahead.next().raw()));
                return;
            }
            // What a reader may not see is written as nothing, and nothing cannot be sent.
            ByteArrayOutputStream bytes = new ByteArrayOutputStream(1024);
            while (bytes.size() == 0) {
                Optional<List<Page<EventLog.Entry>>> events = log.after(place, taken ? BATCH : 1);
                if (events.isEmpty()) {
                    tooSlow();
                    return;
                }
                if (!taken || (events.get().isEmpty() && heartbeatsDue == 0)) {
                    return;
                }
                if (heartbeatsDue > 0) {
                    heartbeatsDue = 0;
                    bytes.writeBytes(heartbeat);
                }
                for (Page<EventLog.Entry> event : events.get()) {
                    bytes.writeBytes(write.apply(event));
                    place = event.items().get(0).number();
                }
            }
            push(out, ByteString.fromArrayUnsafe(bytes.toByteArray()));
        }

        private void tooSlow() {
            onTooSlow.run();
            completeStage();
        }
    }
}
