package io.finback.nodeagent.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import java.util.Map;
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
                "cpus:many | cpus: 'many' (expected: a number >= 0)",
                "cpus:-1 | cpus: -1.0 (expected: a number >= 0)",
                "cpus:NaN | cpus: NaN (expected: a number >= 0)",
                "cpus:1;cpus:2 | 'cpus' is given twice (expected: each name once)",
                "cpus(dev):4 | cpus(dev) (expected: no role or '*'; reservations are not supported yet)",
                "ports:31000 | ports: '31000' (expected: ranges, such as [31000-32000])",
                "ports:[2-1] | ports: '2-1' (expected: from <= to, within 1-65535)",
                "ports:[1-70000] | ports: '1-70000' (expected: from <= to, within 1-65535)",
                "ports:[a-b] | ports: 'a-b' (expected: from-to, such as 31000-32000)",
                "cpus:[1-2] | cpus: '[1-2]' (expected: a number)",
                "zones:{a,b} | zones: {a,b} (expected: a number or [from-to]; sets are not supported)",
                "cpus | 'cpus' (expected: name:amount or name:[from-to], such as cpus:4 or ports:[31000-32000])"
            })
    void namesWhatIsWrong(String text, String message) {
        assertThatThrownBy(() -> ResourceText.resources(text)).hasMessage(message);
    }

    @Test
    void namesWhatIsWrongInJson() {
        assertThatThrownBy(() -> ResourceText.resources("[{")).hasMessageContaining("not JSON");
        assertThatThrownBy(() -> ResourceText.resources("[{\"name\":\"cpus\",\"type\":\"SET\"}]"))
                .hasMessageContaining("cpus")
                .hasMessageContaining("expected");
    }

    @Test
    void readsAttributes() {
        assertThat(ResourceText.attributes("rack:r1;os:linux; url:http://x ;"))
                .isEqualTo(Map.of("rack", "r1", "os", "linux", "url", "http://x"));
        assertThatThrownBy(() -> ResourceText.attributes("rack:"))
                .hasMessageContaining("'rack:' (expected: name:value");
    }

    @Test
    void findsWhatIsNotWrittenByMesosRules() {
        Machine large = new Machine(8, 16_384, 100_000);
        assertThat(large.offer(ResourceText.resources("")))
                .isEqualTo(Resources.of(8, 15_360, 94_880).withPorts(Ranges.of(31000, 32000)));
        Machine small = new Machine(1, 1_000, 8_000);
        assertThat(small.offer(ResourceText.resources("cpus:0.5;disk:0;ports:[31500-31600]")))
                .isEqualTo(Resources.of(0.5, 500, 0).withPorts(Ranges.of(31500, 31600)));
    }
}
