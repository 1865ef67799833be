package io.finback.nodeagent.oci;

import io.finback.nodeagent.testing.NeedsRuntime;

/** The same by the other runtime. */
@NeedsRuntime("crun")
class OciContainerizerByCrunTest extends OciContainerizerTest {
    @Override
    String runtime() {
        return "crun";
    }
}
