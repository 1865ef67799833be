package io.finback.verification.mesh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The same small proxy on each data path that could carry the mesh, beside HAProxy and nginx. Arguments: the file to write, seconds of
 * warm-up, rounds, seconds each. Needs {@code wrk}, {@code nginx} and {@code haproxy}.
 */
public final class DataPathBench {
    private static final int FIRST = 18_091;
    private static final int SECOND = 18_092;

    private DataPathBench() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        String before = Rounds.machine();
        Path folder = Files.createTempDirectory("data-path");
        List<Target> targets = new ArrayList<>();
        try {
            targets.add(Servers.backend(folder, FIRST, SECOND));
            targets.add(Servers.haproxy(folder, 18_101, FIRST, SECOND));
            targets.add(Servers.nginxProxy(folder, 18_102, FIRST, SECOND));
            List<Target> cold = List.of(
                    netty(folder, "Netty handlers", 18_103, "HANDLERS"),
                    netty(folder, "Netty actors", 18_104, "ACTORS"),
                    netty(folder, "Netty actors, stream per body", 18_105, "STREAMS"),
                    proxy(folder, "Akka Streams TCP", 18_106, AkkaTcpProxy.class),
                    proxy(folder, "Akka HTTP connections", 18_107, AkkaHttpProxy.class));
            targets.addAll(cold);
            Rounds rounds = new Rounds(
                    targets,
                    List.of(new Load.Closed(16, false), new Load.Closed(64, false), new Load.Closed(256, false), new Load.Closed(32, true)),
                    Integer.parseInt(arguments[2]),
                    Integer.parseInt(arguments[3]));
            rounds.warmUp(cold, Integer.parseInt(arguments[1]));
            Files.writeString(Path.of(arguments[0]), "# Data paths, raw\n\n" + before + rounds.measure());
        } finally {
            targets.forEach(Target::close);
        }
    }

    private static Target netty(Path folder, String name, int port, String shape) throws IOException {
        return Target.java(folder, name, port, List.of(), NettyProxy.class.getName(), shape, "" + port, "" + FIRST, "" + SECOND);
    }

    private static Target proxy(Path folder, String name, int port, Class<?> main) throws IOException {
        return Target.java(folder, name, port, List.of(), main.getName(), "" + port, "" + FIRST, "" + SECOND);
    }
}
