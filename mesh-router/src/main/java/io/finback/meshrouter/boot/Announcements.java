package io.finback.meshrouter.boot;

import io.finback.meshrouter.linkerd.Plan;
import io.finback.meshrouter.linkerd.Plan.AnnouncerPlan;
import io.finback.meshrouter.linkerd.Plan.RouterPlan;
import io.finback.meshrouter.linkerd.Plan.ServerPlan;
import io.finback.names.Address;
import io.finback.names.Path;
import io.finback.runtime.StartFailure;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Tells others where a listener is. */
final class Announcements {
    private Announcements() {}

    /** {@code stops} is given what takes a name back, once for each name and announcer. */
    static void start(
            RouterPlan plan,
            ServerPlan server,
            int port,
            Plan.Environment environment,
            Consumer<Supplier<CompletionStage<?>>> stops) {
        for (Path name : server.announce()) {
            for (AnnouncerPlan announcer : plan.announcers()) {
                if (name.startsWith(announcer.prefix())) {
                    Address address = new Address(reachable(server.ip()), port);
                    stops.accept(announcer
                            .start()
                            .start(environment, name.drop(announcer.prefix().size()), address));
                }
            }
        }
    }

    /** This machine's own address for a listener on all of them. */
    private static String reachable(String ip) {
        if (!ip.equals("0.0.0.0") && !ip.equals("::")) {
            return ip;
        }
        try {
            return InetAddress.getLocalHost().getHostAddress();
        } catch (UnknownHostException e) {
            throw new StartFailure(
                    "announce: this machine's address is not known: " + e.getMessage()
                            + " (expected: a host name that resolves, or an ip of the server)",
                    e);
        }
    }
}
