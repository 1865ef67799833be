package io.finback.security;

import static org.assertj.core.api.Assertions.assertThat;

import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.headers.RawHeader;
import io.finback.security.Guard.Door;
import org.junit.jupiter.api.Test;

class ForeignTest {
    private static HttpRequest request(String path, String... headers) {
        HttpRequest request = HttpRequest.POST(path).addHeader(RawHeader.create("Host", "master.example:5050"));
        for (int i = 0; i < headers.length; i += 2) {
            request = request.addHeader(RawHeader.create(headers[i], headers[i + 1]));
        }
        return request;
    }

    private static boolean refuses(Door door, String... headers) {
        return Foreign.problem(door, request("/v2/apps", headers)).isPresent();
    }

    @Test
    void refusesChangesThatPagesOfOtherSitesAskFor() {
        for (Door door : new Door[] {Door.WRITE, Door.FRAMEWORK}) {
            assertThat(refuses(door, "Sec-Fetch-Site", "cross-site")).isTrue();
            assertThat(refuses(door, "Sec-Fetch-Site", "same-site")).isTrue();
            assertThat(refuses(door, "Origin", "http://evil.example")).isTrue();
            assertThat(refuses(door, "Origin", "http://master.example:8080")).isTrue();
            assertThat(refuses(door, "Origin", "null")).isTrue();
            assertThat(refuses(door, "Origin", "http://evil.example", "Sec-Fetch-Site", "cross-site"))
                    .isTrue();
        }
    }

    @Test
    void letsItsOwnPageAndOtherClientsChange() {
        assertThat(refuses(Door.WRITE)).isFalse();
        assertThat(refuses(Door.WRITE, "Sec-Fetch-Site", "same-origin")).isFalse();
        assertThat(refuses(Door.WRITE, "Sec-Fetch-Site", "none")).isFalse();
        assertThat(refuses(Door.WRITE, "Origin", "http://Master.example:5050")).isFalse();
        // A proxy before this port may have changed the host; the browser knows better.
        assertThat(refuses(Door.WRITE, "Origin", "https://console.example", "Sec-Fetch-Site", "same-origin"))
                .isFalse();
    }

    @Test
    void mindsReadingOnlyWhereAScriptWouldReadWithSomebodysCredentials() {
        assertThat(refuses(Door.READ, "Sec-Fetch-Site", "cross-site")).isFalse();
        HttpRequest script = request("/state?jsonp=f");
        assertThat(Foreign.problem(Door.READ, script)).isEmpty();
        assertThat(Foreign.problem(Door.READ, script.addHeader(RawHeader.create("Authorization", "Basic eDp5"))))
                .isPresent();
        assertThat(Foreign.problem(
                        Door.READ, request("/state", "Authorization", "Basic eDp5", "Sec-Fetch-Site", "cross-site")))
                .isEmpty();
    }
}
