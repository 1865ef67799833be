package io.finback.tracing;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Spans on their way to a collector: a queue with a limit and one thread that sends batches of it. What the queue has no room for is
 * dropped and counted, so that a collector that is away, slow or full of errors costs its spans and nothing else. Thread-safe.
 */
public final class SpanQueue implements SpanSink, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(SpanQueue.class);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    /**
     * How much is kept and sent.
     *
     * @param queueSpans at most so many wait; more are dropped
     * @param batchSpans at most so many in one message
     * @param flush how long one waits for others to go with
     * @param retries how often a message is sent again before its spans are dropped
     */
    public record Limits(int queueSpans, int batchSpans, Duration flush, int retries) {
        public static final Limits USUAL = new Limits(8192, 512, Duration.ofSeconds(1), 2);

        public Limits {
            if (queueSpans < 1 || batchSpans < 1 || retries < 0 || flush.isNegative()) {
                throw new IllegalArgumentException("queue " + queueSpans + ", batch " + batchSpans + ", retries "
                        + retries + ", flush " + flush + " (expected: a positive queue and batch)");
            }
        }
    }

    /**
     * How many spans have had which fate.
     *
     * @param sent a collector has them
     * @param dropped the queue had no room
     * @param failed no collector took them, retries included
     * @param waiting now
     */
    public record Counts(long sent, long dropped, long failed, int waiting) {
        public Counts plus(Counts other) {
            return new Counts(
                    sent + other.sent, dropped + other.dropped, failed + other.failed, waiting + other.waiting);
        }
    }

    private final String name;
    private final SpanExport export;
    private final Limits limits;
    private final ArrayBlockingQueue<Span> waiting;
    private final LongAdder sent = new LongAdder();
    private final LongAdder dropped = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final Thread thread;
    private volatile boolean closing;
    private boolean failing;

    private SpanQueue(String name, SpanExport export, Limits limits) {
        this.name = name;
        this.export = export;
        this.limits = limits;
        this.waiting = new ArrayBlockingQueue<>(limits.queueSpans());
        this.thread = new Thread(this::run, "finback-traces-" + name);
        thread.setDaemon(true);
    }

    /** Begins to send. {@code name} is that of the collector, for logs; {@code export} is closed with the queue. */
    public static SpanQueue start(String name, SpanExport export, Limits limits) {
        SpanQueue queue = new SpanQueue(name, export, limits);
        queue.thread.start();
        return queue;
    }

    @Override
    public void take(Span span) {
        if (closing || !waiting.offer(span)) {
            dropped.increment();
        }
    }

    public Counts counts() {
        return new Counts(sent.sum(), dropped.sum(), failed.sum(), waiting.size());
    }

    private void run() {
        List<Span> batch = new ArrayList<>(limits.batchSpans());
        try {
            while (!closing || !waiting.isEmpty()) {
                gather(batch);
                if (!batch.isEmpty()) {
                    deliver(List.copyOf(batch));
                    batch.clear();
                }
            }
        } catch (InterruptedException e) {
            failed.add(batch.size());
        } finally {
            dropped.add(waiting.size());
            waiting.clear();
            export.close();
        }
    }

    private void gather(List<Span> batch) throws InterruptedException {
        Span first = waiting.poll(limits.flush().toMillis() + 1, TimeUnit.MILLISECONDS);
        if (first == null) {
            return;
        }
        batch.add(first);
        long until = System.nanoTime() + limits.flush().toNanos();
        while (batch.size() < limits.batchSpans() && !closing) {
            Span next = waiting.poll(until - System.nanoTime(), TimeUnit.NANOSECONDS);
            if (next == null) {
                break;
            }
            batch.add(next);
        }
        var more = waiting.drainTo(batch, limits.batchSpans() - batch.size());
        Objects.checkIndex(more, limits.batchSpans() + 1);
    }

    private void deliver(List<Span> batch) throws InterruptedException {
        Duration pause = FIRST_PAUSE;
        for (int left = limits.retries(); ; left--) {
            try {
                export.send(batch);
                sent.add(batch.size());
                heard(true, "");
                return;
            } catch (IOException | RuntimeException e) {
                heard(false, e.toString());
                if (left == 0 || closing || e instanceof SpanExport.Refused) {
                    failed.add(batch.size());
                    return;
                }
            }
            Thread.sleep(pause.toMillis());
            pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause.multipliedBy(2);
        }
    }

    /** One line when it begins and one when it is over, however many messages are lost between. */
    private void heard(boolean well, String why) {
        if (!well && !failing) {
            log.warn("traces.not_sent collector={} reason={} next=drop_when_queue_full", name, why);
        } else if (well && failing) {
            log.info("traces.sent_again collector={} dropped={} failed={}", name, dropped.sum(), failed.sum());
        }
        failing = !well;
    }

    /** Sends what waits for at most two seconds, then drops the rest. */
    @Override
    public void close() {
        closing = true;
        try {
            thread.join(2_000);
            if (thread.isAlive()) {
                thread.interrupt();
                thread.join(1_000);
            }
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
        }
    }
}
