package io.finback.meshrouter.heap;

import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives a busy router a larger first generation, and takes it back when it has become idle. A collection stops every request for a
 * millisecond, whatever it finds: with the few megabytes of an idle router there are ten and more a second under load, and they are what its
 * slowest requests wait for. Where the collector is not the serial one, it does nothing. Run it once a second; not thread-safe.
 */
public final class HeapRoom implements Runnable {
    private static final Logger log = LoggerFactory.getLogger(HeapRoom.class);

    private final HeapSettings settings;
    private final SerialHeap heap;
    private final Pressure pressure;
    private boolean grown;

    private HeapRoom(HeapSettings settings, SerialHeap heap) {
        this.settings = settings;
        this.heap = heap;
        this.pressure = new Pressure(settings);
    }

    /** Empty where there is nothing to do: it is switched off, the JVM has another collector, or enough room from the start. */
    public static Optional<HeapRoom> of(HeapSettings settings) {
        return settings.busy() == 0
                ? Optional.empty()
                : SerialHeap.ofThisJvm()
                        .filter(heap -> heap.youngAtFirst() < settings.busy())
                        .map(heap -> new HeapRoom(settings, heap));
    }

    @Override
    public void run() {
        Pressure.Verdict verdict = pressure.look(heap.collections());
        if (verdict == Pressure.Verdict.BUSY && !grown && heap.old() <= settings.mostLive()) {
            resize(settings.busy());
            grown = true;
        } else if (verdict == Pressure.Verdict.IDLE && grown) {
            resize(heap.youngAtFirst());
            grown = false;
        }
    }

    private void resize(long bytes) {
        long before = heap.young();
        long began = System.nanoTime();
        try {
            heap.resize(bytes);
        } catch (IllegalArgumentException refused) {
            log.warn("router.heap_not_resized why={}", refused.getMessage());
            return;
        }
        log.info(
                "router.heap_resized firstGenerationBytes={} before={} pauseMillis={}",
                heap.young(),
                before,
                (System.nanoTime() - began) / 1_000_000);
    }
}
