package io.finback.nodeagent.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.resources.Disk;
import io.finback.resources.Kind;
import io.finback.resources.Ranges;
import io.finback.resources.Reservation;
import io.finback.resources.Resources;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResourceTextTest {
    @Test
    void readsMesosTextForm() {
        Resources read = ResourceText.resources(
                        "cpus(*):4; mem:4096;disk:10000.5;ports:[31000-31005, 31007-31007];bugs:2")
                .resources();
        assertThat(read.scalar("cpus")).isEqualTo(4);
        assertThat(read.scalar("disk")).isEqualTo(10000.5);
        assertThat(read.scalar("bugs")).isEqualTo(2);
        assertThat(read.ports()).isEqualTo(Ranges.of(31000, 31005).plus(Ranges.of(31007, 31007)));
    }

    @Test
    void readsMesosJsonForm() {
        Resources read = ResourceText.resources("""
                        [{"name":"cpus","type":"SCALAR","scalar":{"value":1.5}},
                         {"name":"ports","type":"RANGES","role":"*","ranges":{"range":[{"begin":1000,"end":2000}]}}]
                        """).resources();
        assertThat(read).isEqualTo(Resources.EMPTY.withScalar("cpus", 1.5).withPorts(Ranges.of(1000, 2000)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "cpus:many | entry 1 at character 1: cpus: 'many' (expected: a number >= 0)",
                "cpus:-1 | entry 1 at character 1: cpus: -1.0 (expected: a number >= 0)",
                "cpus:NaN | entry 1 at character 1: cpus: NaN (expected: a number >= 0)",
                "mem:1; cpus:1;cpus:2 | entry 3 at character 15: 'cpus' is given twice (expected: each once)",
                "cpus(a):1;cpus(a):2 | entry 2 at character 11: 'cpus(a)' is given twice (expected: each once)",
                "cpus(a b):4 | entry 1 at character 1: role: 'a b' (expected: no whitespace and no control characters)",
                "cpus(a//b):4 | entry 1 at character 1: role: 'a//b' (expected: no two '/' side by side)",
                "cpus(dev:4 | entry 1 at character 1: 'cpus(dev:4' (expected: name:amount, name(role):amount, name:[from-to] or name:{item,item})",
                "gpus:0.5 | entry 1 at character 1: gpus: 0.5 (expected: a whole number)",
                "ports:31000 | entry 1 at character 1: ports: '31000' (expected: ranges, such as [31000-32000])",
                "ports:[2-1] | entry 1 at character 1: ports: '2-1' (expected: from <= to, within 1-65535)",
                "ports:[1-70000] | entry 1 at character 1: ports: '1-70000' (expected: from <= to, within 1-65535)",
                "ports:[a-b] | entry 1 at character 1: ports: 'a-b' (expected: from-to, such as 31000-32000)",
                "cpus:{a} | entry 1 at character 1: cpus: [a] (expected: a number)",
                "zones:{a,a} | entry 1 at character 1: zones: [a, a] (expected: items that differ, none empty)",
                "zones:{a | entry 1 at character 1: zones: '{a' (expected: a set, such as {a, b})",
                "cpus | entry 1 at character 1: 'cpus' (expected: name:amount, name(role):amount, name:[from-to] or name:{item,item})"
            })
    void namesWhatIsWrong(String text, String message) {
        assertThatThrownBy(() -> ResourceText.resources(text)).hasMessage(message);
    }

    @Test
    void readsReservationsAndSets() {
        ResourceText.Written written =
                ResourceText.resources("cpus:4;cpus(eng):2;cpus(eng/web):1;ports(eng):[1-9];zones:{b, a};gpus:2");
        Resources read = written.resources();
        assertThat(read.plain())
                .isEqualTo(Resources.EMPTY
                        .withScalar("cpus", 4)
                        .withScalar("gpus", 2)
                        .withSet("zones", new TreeSet<>(List.of("a", "b"))));
        assertThat(read.amountOf(Kind.reserved(Reservation.fixed("eng"))))
                .isEqualTo(Resources.EMPTY.withScalar("cpus", 2).withPorts(Ranges.of(1, 9)));
        assertThat(read.amountOf(Kind.reserved(Reservation.fixed("eng/web"))))
                .isEqualTo(Resources.EMPTY.withScalar("cpus", 1));
        assertThat(written.names()).containsExactly("cpus", "ports", "zones", "gpus");
    }

    @Test
    void readsReservationsAndDisksInJson() {
        Resources read = ResourceText.resources("""
                        [{"name":"cpus","type":"SCALAR","scalar":{"value":2},"role":"eng"},
                         {"name":"mem","type":"SCALAR","scalar":{"value":64},
                          "reservations":[{"type":"STATIC","role":"eng"},{"type":"STATIC","role":"eng/web"}]},
                         {"name":"disk","type":"SCALAR","scalar":{"value":100}},
                         {"name":"disk","type":"SCALAR","scalar":{"value":200},
                          "disk":{"source":{"type":"PATH","path":{"root":"/a"}}}},
                         {"name":"disk","type":"SCALAR","scalar":{"value":300},"role":"eng",
                          "disk":{"source":{"type":"MOUNT","mount":{"root":"/b"}}}},
                         {"name":"zones","type":"SET","set":{"item":["a"]}}]
                        """).resources();
        Kind eng = Kind.reserved(Reservation.fixed("eng"));
        assertThat(read.milli("disk")).isEqualTo(100_000);
        assertThat(read.amountOf(eng).milli("cpus")).isEqualTo(2_000);
        assertThat(read.amountOf(eng.reservedFurther(Reservation.fixed("eng/web")))
                        .milli("mem"))
                .isEqualTo(64_000);
        assertThat(read.amountOf(Kind.PLAIN.withDisk(disk(Disk.SourceType.PATH, "/a")))
                        .milli("disk"))
                .isEqualTo(200_000);
        Kind mount = eng.withDisk(disk(Disk.SourceType.MOUNT, "/b"));
        assertThat(read.amountOf(mount).milli("disk")).isEqualTo(300_000);
        assertThat(mount.isIndivisible()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[{ | not JSON at line 1, column 3",
                "[7] | entry 1: resource: 7 (expected: an object with name and type)",
                "[{\"type\":\"SCALAR\"}] | entry 1: name:",
                "[{\"name\":\"cpus\",\"type\":\"TEXT\"}] | entry 1: type: 'TEXT' (expected: SCALAR, RANGES or SET)",
                "[{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":\"1\"}}] | entry 1: cpus.scalar.value: \"1\" (expected: a number >= 0)",
                "[{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":1},\"revocable\":{}}] | entry 1: [revocable]: not for an agent's configuration",
                "[{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":1},\"reservations\":[{\"type\":\"DYNAMIC\",\"role\":\"a\"}]}] | entry 1: reservations:",
                "[{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":{\"value\":1},\"disk\":{\"source\":{\"type\":\"RAW\"}}}] | entry 1: disk.source.type: 'RAW' (expected: PATH or MOUNT; there are no disk providers)",
                "[{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":{\"value\":1},\"disk\":{\"source\":{\"type\":\"PATH\"}}}] | entry 1: disk.source root: '' (expected: an absolute path)",
                "[{\"name\":\"p\",\"type\":\"RANGES\",\"ranges\":{\"range\":[{\"begin\":1}]}}] | entry 1: ranges.range:"
            })
    void namesWhatIsWrongInJson(String text, String message) {
        assertThatThrownBy(() -> ResourceText.resources(text)).hasMessageStartingWith(message);
    }

    @Test
    void readsAttributes() {
        assertThat(AttributeText.parse("rack:r1;os:linux; url:http://x ;cores:8;ids:[1-3]"))
                .isEqualTo(Map.of("rack", "r1", "os", "linux", "url", "http://x", "cores", "8", "ids", "[1-3]"));
        assertThatThrownBy(() -> AttributeText.parse("os:x;rack:"))
                .hasMessageContaining("entry 2: 'rack:' (expected: name:value");
        assertThatThrownBy(() -> AttributeText.parse("z:{a,b}")).hasMessageContaining("attributes are no sets");
        assertThatThrownBy(() -> AttributeText.parse("z:[3-1]")).hasMessageContaining("from <= to");
    }

    private static Optional<Disk> disk(Disk.SourceType type, String root) {
        return Optional.of(new Disk(Optional.empty(), Optional.empty(), Optional.of(Disk.Source.of(type, root))));
    }

    @Test
    void findsWhatIsNotWrittenByMesosRules() {
        Machine large = new Machine(8, 16_384, 100_000, 0);
        assertThat(large.offer(ResourceText.resources("")))
                .isEqualTo(Resources.of(8, 15_360, 94_880).withPorts(Ranges.of(31000, 32000)));
        Machine small = new Machine(1, 1_000, 8_000, 0);
        assertThat(small.offer(ResourceText.resources("cpus:0.5;disk:0;ports:[31500-31600]")))
                .isEqualTo(Resources.of(0.5, 500, 0).withPorts(Ranges.of(31500, 31600)));
    }
}
