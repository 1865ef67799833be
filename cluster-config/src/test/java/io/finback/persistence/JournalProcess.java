package io.finback.persistence;

import akka.actor.Dropped;
import akka.actor.typed.ActorRef;
import akka.actor.typed.SpawnProtocol;
import akka.actor.typed.javadsl.Adapter;
import akka.actor.typed.javadsl.Behaviors;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigRenderOptions;
import io.finback.runtime.StartFailure;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A master's journal in an operating system process of its own: {@link #main} is the child, an instance is the parent's handle on it. */
final class JournalProcess implements AutoCloseable {
    static final int BURST = 10_000;
    private static final int RECOVERIES = 60;

    private final Process process;
    private final BufferedReader out;
    private final PrintWriter in;

    private JournalProcess(Process process) {
        this.process = process;
        this.out = process.inputReader(StandardCharsets.UTF_8);
        this.in = new PrintWriter(process.outputWriter(StandardCharsets.UTF_8), true);
    }

    static JournalProcess fork(Config settings, Path directory, String mode, String... jvmFlags) throws IOException {
        Path file = Files.createTempFile(directory, "settings", ".conf");
        Files.writeString(file, settings.root().render(ConfigRenderOptions.concise()));
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(Arrays.asList(jvmFlags));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), JournalProcess.class.getName()));
        command.addAll(List.of(file.toString(), mode));
        File errors = Files.createTempFile(directory, "stderr", ".txt").toFile();
        return new JournalProcess(
                new ProcessBuilder(command).redirectError(errors).start());
    }

    void tell(String line) {
        in.println(line);
    }

    /** The next line that begins with {@code prefix}, without it; others are log lines. Fails when the process ends first. */
    @CanIgnoreReturnValue
    String expect(String prefix) throws IOException {
        List<String> seen = new ArrayList<>();
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            seen.add(line);
            if (line.startsWith(prefix)) {
                return line.substring(prefix.length()).strip();
            }
        }
        throw new AssertionError("ended before '" + prefix + "': " + String.join("\n", seen));
    }

    int exitCode() throws InterruptedException {
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            throw new AssertionError("still running");
        }
        return process.exitValue();
    }

    /** SIGKILL. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            throw new AssertionError("survived SIGKILL");
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    public static void main(String[] args) throws Exception {
        Config settings = ConfigFactory.parseFile(new File(args[0]));
        try (JournalSystem journal = JournalSystem.start(settings)) {
            System.out.println("up");
            if (args[1].equals("burst")) {
                burst(journal, settings.getInt("test.expected-drops"));
            } else if (args[1].equals("end")) {
                endAmongRecoveries(journal);
            } else {
                serve(journal);
            }
        } catch (StartFailure e) {
            System.out.println("refused " + e.getMessage());
            System.exit(1);
        }
    }

    /** {@code add N}: answered by {@code acked TOTAL}. {@code hang N}: by {@code persisted TOTAL} and silence. */
    private static void serve(JournalSystem journal) throws IOException {
        ActorRef<Counter.Command> counter = journal.counter("forked");
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            List<String> words = List.of(line.split(" ", -1));
            long amount = Long.parseLong(words.get(1));
            if (words.get(0).equals("hang")) {
                counter.tell(new Counter.AddAndHang(amount, journal.system.ignoreRef()));
            } else {
                System.out.println("acked " + journal.add(counter, amount));
            }
        }
    }

    /** The system ends while many entities read their past. */
    private static void endAmongRecoveries(JournalSystem journal) {
        for (int i = 0; i < RECOVERIES; i++) {
            journal.add(journal.counter("first-" + i), 1, 499);
        }
        for (int i = 0; i < RECOVERIES; i++) {
            journal.system.tell(new SpawnProtocol.Spawn<>(
                    Counter.create(Counter.TYPE, "first-" + i, new AtomicInteger()),
                    "again-" + i,
                    akka.actor.typed.Props.empty(),
                    journal.system.ignoreRef()));
        }
        System.out.println("ending");
    }

    /** One slow persist, {@link #BURST} reads behind it; the persist ends when as many as the stash cannot hold were dropped. */
    private static void burst(JournalSystem journal, int expectedDrops) throws InterruptedException {
        ActorRef<Counter.Command> counter = journal.counter("burst");
        journal.total(counter);
        CountDownLatch drops = new CountDownLatch(expectedDrops);
        akka.actor.ActorSystem classic = Adapter.toClassic(journal.system);
        classic.eventStream()
                .subscribe(
                        Adapter.toClassic(journal.system.systemActorOf(
                                Behaviors.receive(Object.class)
                                        .onMessage(Dropped.class, dropped -> {
                                            drops.countDown();
                                            return Behaviors.same();
                                        })
                                        .build(),
                                "drops",
                                akka.actor.typed.Props.empty())),
                        Dropped.class);
        counter.tell(new Counter.AddSlowly(journal.system.ignoreRef()));
        for (int i = 0; i < BURST; i++) {
            counter.tell(new Counter.Get(journal.system.ignoreRef()));
        }
        if (!drops.await(30, TimeUnit.SECONDS)) {
            System.out.println("refused only " + (expectedDrops - drops.getCount()) + " drops");
            System.exit(2);
        }
        Counter.gate.countDown();
        System.out.println("survived " + totalOnceTheStashHasRoom(journal, counter));
    }

    /** Until the persist is through, this read is dropped like the others. */
    private static long totalOnceTheStashHasRoom(JournalSystem journal, ActorRef<Counter.Command> counter) {
        long end = System.nanoTime() + JournalSystem.LIMIT.toNanos();
        while (true) {
            try {
                return journal.ask(counter, Counter.Get::new, Duration.ofMillis(500));
            } catch (IllegalStateException dropped) {
                if (System.nanoTime() > end) {
                    throw dropped;
                }
            }
        }
    }
}
