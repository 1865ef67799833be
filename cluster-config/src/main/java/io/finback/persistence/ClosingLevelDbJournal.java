package io.finback.persistence;

import akka.persistence.PersistentRepr;
import akka.persistence.journal.leveldb.LeveldbJournal;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.typesafe.config.Config;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Function1;
import scala.concurrent.Future;
import scala.runtime.BoxedUnit;

/**
 * Akka's LevelDB journal, which closes its database while recoveries may still be reading it on other threads; with the native library that
 * ends the whole process ({@code pthread lock: Invalid argument}). Here the end waits for them. Only the actor itself begins a reading, so
 * that none begins once the end has.
 */
@SuppressWarnings("deprecation") // deprecated for clusters; this is the profile of a lone master
public final class ClosingLevelDbJournal extends LeveldbJournal {
    private static final Logger log = LoggerFactory.getLogger(ClosingLevelDbJournal.class);
    /** Longer than any recovery takes; the process is ending and nothing else waits for this. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final Object lock = new Object();
    private int reading;

    /** Called by Akka. */
    public ClosingLevelDbJournal(Config config) {
        super(config);
    }

    @Override
    public Future<Object> asyncReadHighestSequenceNr(String persistenceId, long fromSequenceNr) {
        begin();
        return ended(super.asyncReadHighestSequenceNr(persistenceId, fromSequenceNr));
    }

    @Override
    public Future<BoxedUnit> asyncReplayMessages(
            String persistenceId, long from, long to, long max, Function1<PersistentRepr, BoxedUnit> callback) {
        begin();
        return ended(super.asyncReplayMessages(persistenceId, from, to, max, callback));
    }

    @Override
    public Future<BoxedUnit> asyncReplayTaggedMessages(
            String tag, long from, long to, long max, Function1<ReplayedTaggedMessage, BoxedUnit> callback) {
        begin();
        return ended(super.asyncReplayTaggedMessages(tag, from, to, max, callback));
    }

    /** Leaves the database open, to the end of the process, rather than pull it away from under a reader. */
    @Override
    public void postStop() {
        if (readersEnded()) {
            super.postStop();
        } else {
            log.error("journal.left_open reason=still_being_read next=the_next_start_repairs_it");
        }
    }

    private void begin() {
        synchronized (lock) {
            reading++;
        }
    }

    @CanIgnoreReturnValue
    private <T> Future<T> ended(Future<T> future) {
        future.onComplete(
                done -> {
                    synchronized (lock) {
                        reading--;
                        lock.notifyAll();
                    }
                    return BoxedUnit.UNIT;
                },
                context().system().dispatcher());
        return future;
    }

    private boolean readersEnded() {
        long end = System.nanoTime() + PATIENCE_NANOS;
        synchronized (lock) {
            while (reading > 0) {
                long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
                if (left <= 0) {
                    return false;
                }
                try {
                    lock.wait(left);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return false;
                }
            }
        }
        return true;
    }
}
