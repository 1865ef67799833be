package io.finback.verification.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Machines on one network: each a network namespace with an address of its own, on a bridge that this machine is on, too. What passes between them is
 * cut and lost by the kernel's packet filter, so that nobody is told: no connection is closed and none refused; a far machine hangs on a cable
 * (verification/wire.py) that takes its time. Needs root and iproute2, iptables, util-linux; far ones Python 3 and /dev/net/tun. One at a time in a
 * process.
 */
final class Machines implements AutoCloseable {
    private final String id = Long.toString(ProcessHandle.current().pid() % 100_000);
    private final String network;
    private final List<Machine> all = new ArrayList<>();

    /** Throws when this machine may not do it. */
    Machines() {
        // A third octet that others on this machine have seldom.
        network = "10.213." + (ProcessHandle.current().pid() % 250 + 1);
        run("ip", "link", "add", bridge(), "type", "bridge");
        run("ip", "addr", "add", network + ".1/24", "dev", bridge());
        run("ip", "link", "set", bridge(), "up");
    }

    /** Whether this process may make networks. A container's root, for one, may not. */
    static boolean possible() {
        if (!System.getProperty("user.name").equals("root") || !exists("ip") || !exists("iptables")) {
            return false;
        }
        String tried = "fb-try-" + ProcessHandle.current().pid();
        try {
            run("ip", "netns", "add", tried);
            run("ip", "netns", "del", tried);
            return true;
        } catch (AssertionError refused) {
            return false;
        }
    }

    /** Whether {@link #addFar} works here, too. */
    static boolean farPossible() {
        return exists("python3") && Files.isWritable(Path.of("/dev/net/tun"));
    }

    private static boolean exists(String program) {
        return Arrays.stream(System.getenv("PATH").split(":", -1))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    /** One of them. */
    final class Machine {
        private final String name;
        private final int number;
        private @Nullable Cable far;

        private Machine(String name, int number) {
            this.name = name;
            this.number = number;
        }

        String name() {
            return name;
        }

        String address() {
            return network + "." + (10 + number);
        }

        /** What starts a program there. The rest of the machine, its control groups above all, stays as it is. */
        List<String> prefix() {
            return List.of("nsenter", "--net=/var/run/netns/" + namespace());
        }

        private String namespace() {
            return "fb" + id + "-" + number;
        }

        private String cable() {
            return "fb" + id + "v" + number;
        }

        /** Nothing passes between this one and anybody. */
        void cutOff() {
            inside("iptables", "-A", "INPUT", "!", "-i", "lo", "-j", "DROP");
            inside("iptables", "-A", "OUTPUT", "!", "-o", "lo", "-j", "DROP");
        }

        /** Nothing passes between the two, in either direction. */
        void cutFrom(Machine other) {
            inside("iptables", "-A", "INPUT", "-s", other.address(), "-j", "DROP");
            inside("iptables", "-A", "OUTPUT", "-d", other.address(), "-j", "DROP");
        }

        /** So many of a hundred packets that come are lost. */
        void lose(int percent) {
            inside(
                    "iptables",
                    "-A",
                    "INPUT",
                    "!",
                    "-i",
                    "lo",
                    "-m",
                    "statistic",
                    "--mode",
                    "random",
                    "--probability",
                    Double.toString(percent / 100.0),
                    "-j",
                    "DROP");
        }

        /** Everything that comes or goes takes so long, give or take as much. For those of {@link #addFar}. */
        void delay(Duration each, Duration jitter) {
            if (far == null) {
                throw new IllegalStateException(name + " was not added as a far one");
            }
            far.delay(each, jitter);
        }

        /** Everything passes again, and at once. */
        void heal() {
            inside("iptables", "-F");
            if (far != null) {
                far.delay(Duration.ZERO, Duration.ZERO);
            }
        }

        private void inside(String... command) {
            List<String> whole = new ArrayList<>(prefix());
            whole.addAll(Arrays.asList(command));
            run(whole.toArray(new String[0]));
        }
    }

    /** This machine's own address on the network. */
    String here() {
        return network + ".1";
    }

    String everybody() {
        return network + ".0/24";
    }

    Machine add(String name) {
        Machine machine = new Machine(name, all.size());
        all.add(machine);
        run("ip", "netns", "add", machine.namespace());
        run("ip", "link", "add", machine.cable(), "type", "veth", "peer", "name", "eth0", "netns", machine.namespace());
        return plugIn(machine);
    }

    /** One whose cable can be made slow. */
    Machine addFar(String name) {
        Machine machine = new Machine(name, all.size());
        all.add(machine);
        run("ip", "netns", "add", machine.namespace());
        String other = machine.cable() + "x";
        machine.far = new Cable(machine.cable(), other);
        run("ip", "link", "set", other, "netns", machine.namespace(), "name", "eth0");
        return plugIn(machine);
    }

    private Machine plugIn(Machine machine) {
        run("ip", "link", "set", machine.cable(), "master", bridge());
        run("ip", "link", "set", machine.cable(), "up");
        machine.inside("ip", "addr", "add", machine.address() + "/24", "dev", "eth0");
        machine.inside("ip", "link", "set", "lo", "up");
        machine.inside("ip", "link", "set", "eth0", "up");
        return machine;
    }

    private String bridge() {
        return "fb" + id + "br";
    }

    @Override
    public void close() {
        for (Machine machine : all) {
            run("ip", "netns", "del", machine.namespace());
            if (machine.far != null) {
                machine.far.close();
            }
        }
        run("ip", "link", "del", bridge());
    }

    /** A process that carries frames between two interfaces of its own. */
    private static final class Cable implements AutoCloseable {
        private final Process process;
        private final BufferedReader answers;

        Cable(String one, String other) {
            try {
                process = new ProcessBuilder(
                                "python3",
                                ClusterProcesses.launcher()
                                        .resolveSibling("verification")
                                        .resolve("wire.py")
                                        .toString(),
                                one,
                                other)
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            answers = process.inputReader(StandardCharsets.UTF_8);
            expect("ready");
        }

        void delay(Duration each, Duration jitter) {
            try {
                process.getOutputStream()
                        .write((each.toMillis() + " " + jitter.toMillis() + "\n").getBytes(StandardCharsets.UTF_8));
                process.getOutputStream().flush();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            expect("ok");
        }

        private void expect(String answer) {
            try {
                assertThat(answers.readLine()).as("the cable's answer").isEqualTo(answer);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }

    private static void run(String... command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(20, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new AssertionError(String.join(" ", command) + ": " + said);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
