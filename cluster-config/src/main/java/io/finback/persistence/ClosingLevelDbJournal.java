package io.finback.persistence;

import akka.actor.ActorRef;
import akka.persistence.AtomicWrite;
import akka.persistence.JournalProtocol;
import akka.persistence.PersistentRepr;
import akka.persistence.journal.leveldb.LeveldbJournal;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.typesafe.config.Config;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Function1;
import scala.PartialFunction;
import scala.collection.immutable.Seq;
import scala.concurrent.ExecutionContext;
import scala.concurrent.Future;
import scala.concurrent.Promise;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.BoxedUnit;
import scala.util.Try;

/**
 * Akka's LevelDB journal, made safe to end, and with writes that share a commit.
 *
 * <p>What many entities write at the same time is one batch with one fsync: writes are held back until the actor has looked at all that
 * were in its mailbox when the first of them came, and whatever else it is asked for, such as a recovery, finds them done. An entity's
 * writes stay in order, as it has one at a time. With one writer nothing is held back for longer than a message to oneself takes.
 *
 * <p>Akka closes its database while recoveries may still be reading it on other threads; with the native library that
 * ends the whole process ({@code pthread lock: Invalid argument}). Here the end waits for them. Only the actor itself begins a reading, so
 * that none begins once the end has.
 */
@SuppressWarnings("deprecation") // deprecated for clusters; this is the profile of a lone master
public final class ClosingLevelDbJournal extends LeveldbJournal {
    private static final Logger log = LoggerFactory.getLogger(ClosingLevelDbJournal.class);
    /** Longer than any recovery takes; the process is ending and nothing else waits for this. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

    /** Writes in one commit at most: one batch of LevelDB is one buffer in memory. */
    private static final int MOST_TOGETHER = 1000;

    /** To itself: what has been written so far is to be committed. */
    private enum Commit {
        DUE
    }

    /** What one entity writes, and who waits for it. */
    private record Held(Seq<AtomicWrite> messages, Promise<Seq<Try<BoxedUnit>>> done) {}

    private final Object lock = new Object();
    private int reading;
    /** Of the actor's thread alone. */
    private List<Held> held = new ArrayList<>();

    /** Called by Akka. */
    public ClosingLevelDbJournal(Config config) {
        super(config);
    }

    @Override
    public Future<Seq<Try<BoxedUnit>>> asyncWriteMessages(Seq<AtomicWrite> messages) {
        Held write = new Held(messages, Promise.apply());
        if (held.isEmpty()) {
            self().tell(Commit.DUE, ActorRef.noSender());
        }
        held.add(write);
        if (held.size() >= MOST_TOGETHER) {
            commit();
        }
        return write.done().future();
    }

    @Override
    public void aroundReceive(PartialFunction<Object, BoxedUnit> receive, Object message) {
        if (!(message instanceof JournalProtocol.WriteMessages)) {
            commit();
        }
        if (message != Commit.DUE) {
            super.aroundReceive(receive, message);
        }
    }

    private void commit() {
        if (held.isEmpty()) {
            return;
        }
        List<Held> together = held;
        held = new ArrayList<>();
        if (together.size() == 1) {
            Held one = together.get(0);
            var unused = one.done().completeWith(super.asyncWriteMessages(one.messages()));
            return;
        }
        List<AtomicWrite> all = new ArrayList<>();
        together.forEach(write -> all.addAll(CollectionConverters.asJava(write.messages())));
        super.asyncWriteMessages(seq(all))
                .onComplete(
                        result -> {
                            share(together, result);
                            return BoxedUnit.UNIT;
                        },
                        ExecutionContext.parasitic$.MODULE$);
    }

    /** Each gets the results of its own part; a failure is everybody's. */
    private static void share(List<Held> together, Try<Seq<Try<BoxedUnit>>> result) {
        if (result.isFailure()) {
            together.forEach(write -> write.done().failure(result.failed().get()));
            return;
        }
        List<Try<BoxedUnit>> all = CollectionConverters.asJava(result.get());
        int from = 0;
        for (Held write : together) {
            int to = from + write.messages().size();
            var unused = write.done().success(seq(all.subList(from, to)));
            from = to;
        }
    }

    private static <T> Seq<T> seq(List<T> list) {
        return CollectionConverters.asScala(list).toVector();
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
        commit();
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
