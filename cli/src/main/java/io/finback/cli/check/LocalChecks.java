package io.finback.cli.check;

import com.typesafe.config.Config;
import io.finback.runtime.Ports;
import io.finback.runtime.Role;
import io.finback.runtime.StartFailure;
import io.finback.settings.HostPort;
import io.finback.settings.HttpListen;
import io.finback.settings.PersistenceSettings;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** What can be seen on this machine: disk, ports, journal, programs. Reads only. */
final class LocalChecks {
    private static final long MIB = 1024L * 1024;
    private static final long LITTLE_DISK = 1024 * MIB;
    private static final long NO_DISK = 100 * MIB;
    private static final int CONNECT_MILLIS = 2_000;
    /** Without these an agent starts no task (docs/agent.md names those for containment). */
    private static final List<String> PROGRAMS =
            List.of("sh", "setsid", "sleep", "env", "mkfifo", "dd", "ls", "mv", "rm");

    private LocalChecks() {}

    static List<Finding> dataDir(Path directory) {
        List<Finding> findings = new ArrayList<>();
        Path at = directory.toAbsolutePath().normalize();
        Path existing = at;
        while (!Files.exists(existing) && existing.getParent() != null) {
            existing = existing.getParent();
        }
        if (!Files.isWritable(existing)) {
            findings.add(Finding.fail(
                    "data-dir",
                    existing + " cannot be written by " + System.getProperty("user.name"),
                    "give it to that user, run this check as the node's user, or set finback.data-dir"));
        } else if (!existing.equals(at)) {
            findings.add(Finding.ok("data-dir", at + " is made at the first start"));
        } else {
            findings.add(Finding.ok("data-dir", at + " can be written"));
        }
        try {
            long free = Files.getFileStore(existing).getUsableSpace();
            String text = free / MIB + " MiB are free below " + existing;
            String remedy =
                    "free space or move finback.data-dir; a node whose disk is full journals and checkpoints nothing";
            if (free < NO_DISK) {
                findings.add(Finding.fail("disk", text + " (expected: 1024)", remedy));
            } else if (free < LITTLE_DISK) {
                findings.add(Finding.warn("disk", text + " (expected: 1024)", remedy));
            } else {
                findings.add(Finding.ok("disk", text));
            }
        } catch (IOException e) {
            findings.add(
                    Finding.warn("disk", "cannot be looked at: " + e.getMessage(), "check the mount of " + existing));
        }
        return findings;
    }

    /** Of a node that does not run each port must be free, of one that runs each must answer. */
    static List<Finding> ports(Map<String, HttpListen> listeners, boolean runs) {
        List<Finding> findings = new ArrayList<>();
        listeners.forEach((key, listen) -> {
            if (runs && !connects(Web.reachable(listen).host(), listen.port())) {
                findings.add(Finding.fail(
                        "ports",
                        key + ": nobody answers at " + listen + " though the node runs",
                        "the node was started with other settings than given here, or could not bind: see its log"));
            } else if (!runs) {
                try {
                    Ports.check(Map.of(key, listen));
                } catch (StartFailure e) {
                    findings.add(
                            Finding.fail("ports", String.valueOf(e.getMessage()), "end what holds it, or set another"));
                }
            }
        });
        if (findings.isEmpty()) {
            findings.add(Finding.ok(
                    "ports", listeners.size() + (runs ? " listeners answer" : " are free (the node does not run)")));
        }
        return findings;
    }

    static List<Finding> journal(Config config, Path dataDir) {
        PersistenceSettings settings;
        try {
            settings = PersistenceSettings.from(config);
        } catch (StartFailure e) {
            return List.of(Finding.fail("journal", String.valueOf(e.getMessage()), "correct the setting"));
        }
        if (settings.postgres().isPresent()) {
            HostPort address = settings.postgres().get().address();
            return List.of(
                    connects(address.host(), address.port())
                            ? Finding.ok("journal", "the database at " + address + " takes connections")
                            : Finding.fail(
                                    "journal",
                                    "no connection to the database at " + address,
                                    "start PostgreSQL, or set finback.persistence.postgres.host and port; masters wait for"
                                            + " it and lose nothing"));
        }
        return List.of(unit(dataDir));
    }

    /** The three ids of a LevelDB journal, which only whoever restores one part alone makes differ. */
    private static Finding unit(Path dataDir) {
        TreeSet<String> ids = new TreeSet<>();
        int missing = 0;
        for (String file : List.of("persistence.unit", "journal/FINBACK-UNIT", "snapshots/FINBACK-UNIT")) {
            try {
                ids.add(Files.readString(dataDir.resolve(file)).strip());
            } catch (IOException e) {
                missing++;
            }
        }
        if (missing == 3) {
            return Finding.ok("journal", "none yet in " + dataDir);
        }
        return missing == 0 && ids.size() == 1
                ? Finding.ok("journal", "journal and snapshots in " + dataDir + " belong together")
                : Finding.fail(
                        "journal",
                        "journal and snapshots in " + dataDir + " do not belong together",
                        "restore both from the same backup (docs/operations.md)");
    }

    static Finding programs() {
        List<String> missing =
                PROGRAMS.stream().filter(program -> !onPath(program)).toList();
        return missing.isEmpty()
                ? Finding.ok("programs", "the agent finds what it starts tasks with")
                : Finding.fail(
                        "programs",
                        "not on PATH: " + String.join(", ", missing),
                        "install coreutils and util-linux; agents start no task without them");
    }

    private static boolean onPath(String program) {
        for (String directory : (System.getenv().getOrDefault("PATH", "") + ":/bin:/usr/bin").split(":", -1)) {
            if (Files.isExecutable(Path.of(directory, program))) {
                return true;
            }
        }
        return false;
    }

    /** Masters that cannot be reached at all; for a node that is no master, none of them is a failure. */
    static List<Finding> seeds(List<HostPort> seeds, Role role) {
        List<String> silent = seeds.stream()
                .filter(seed -> !connects(seed.host(), seed.port()))
                .map(HostPort::toString)
                .toList();
        if (seeds.isEmpty()) {
            return List.of();
        }
        if (silent.isEmpty()) {
            return List.of(Finding.ok("seeds", seeds.size() + " take connections"));
        }
        String text = "no connection to " + String.join(", ", silent);
        String remedy = "start those masters, or open the network to their Artery port (25520) for this machine";
        return List.of(
                silent.size() == seeds.size() && role != Role.MASTER
                        ? Finding.fail("seeds", text, remedy)
                        : Finding.warn("seeds", text, remedy));
    }

    static boolean connects(String host, int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(host, port), CONNECT_MILLIS);
            return true;
        } catch (IOException | IllegalArgumentException e) {
            return false;
        }
    }
}
