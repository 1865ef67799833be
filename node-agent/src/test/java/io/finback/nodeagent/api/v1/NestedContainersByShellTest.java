package io.finback.nodeagent.api.v1;

import io.finback.nodeagent.testing.TaskWorld;

/** The same where our own program does not run. */
class NestedContainersByShellTest extends NestedContainersTest {
    @Override
    TaskWorld world() throws Exception {
        return TaskWorld.byShell(data);
    }
}
