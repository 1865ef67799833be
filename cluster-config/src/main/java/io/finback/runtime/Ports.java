package io.finback.runtime;

import io.finback.settings.HttpListen;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.util.HashMap;
import java.util.Map;

/** Looks whether ports are free before anything starts, so that a taken one leaves nothing half-started. */
public final class Ports {
    private Ports() {}

    /**
     * Throws {@link StartFailure} at the first address that another process listens at, or that two keys share. Keys are named in the
     * message. Somebody may still take a port after this look; the listener then fails by itself.
     *
     * @param listeners key such as {@code finback.master.http} to its address; port 0 is passed over
     */
    public static void check(Map<String, HttpListen> listeners) {
        Map<HttpListen, String> seen = new HashMap<>();
        listeners.forEach((key, listen) -> {
            if (listen.port() == 0) {
                return;
            }
            String other = seen.putIfAbsent(listen, key);
            if (other != null) {
                throw new StartFailure(key + ".port: " + listen.port() + " is the port of " + other
                        + " too (expected: one port each)");
            }
            check(key, listen);
        });
    }

    private static void check(String key, HttpListen listen) {
        InetAddress address;
        try {
            address = InetAddress.getByName(listen.host());
        } catch (UnknownHostException e) {
            throw new StartFailure(key + ".host: " + listen.host() + " (expected: a host name that resolves)", e);
        }
        try (ServerSocket socket = new ServerSocket()) {
            // As the listeners do: a connection of the last run that lingers does not hold the port.
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(address, listen.port()));
        } catch (IOException e) {
            String reason = String.valueOf(e.getMessage());
            if (reason.contains("in use")) {
                throw new StartFailure(
                        key + ".port: " + listen.port() + " is taken by another process on " + listen.host()
                                + "; stop it, or set " + key + ".port (dev: --port-offset)",
                        e);
            }
            throw new StartFailure(key + ": cannot listen on " + listen + " (" + reason + ")", e);
        }
    }
}
