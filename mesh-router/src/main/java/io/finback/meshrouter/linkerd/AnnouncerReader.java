package io.finback.meshrouter.linkerd;

import io.finback.meshrouter.linkerd.Plan.AnnouncerPlan;
import io.finback.meshrouter.namers.ZkAnnouncement;
import io.finback.names.Path;

/** An entry of a router's {@code announcers}. */
final class AnnouncerReader {
    private static final String SUPPORTED = "io.l5d.serversets";

    private AnnouncerReader() {}

    static AnnouncerPlan read(Block block) {
        String kind = Kinds.of(block, SUPPORTED);
        if (!kind.equals(SUPPORTED)) {
            throw block.wrong("kind", "'" + kind + "' (expected: " + SUPPORTED + ")");
        }
        Path prefix =
                Path.of("#").concat(block.parsed("prefix", NamerReader::prefix).orElseGet(() -> Path.of(kind)));
        String servers = NamerReader.zkAddrs(block);
        Path above = block.parsed("pathPrefix", Path::parse).orElseGet(() -> Path.of("discovery"));
        block.end();
        return new AnnouncerPlan(
                prefix,
                (environment, name, address) ->
                        ZkAnnouncement.start(servers, above.concat(name), address, environment.streams())::stop);
    }

    static boolean announces(AnnouncerPlan announcer, Path name) {
        return name.startsWith(announcer.prefix())
                && name.size() > announcer.prefix().size();
    }
}
