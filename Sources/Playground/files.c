#include "playground.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char index_html[] = {
#embed "pages/index.html"
};
static const unsigned char style_css[] = {
#embed "pages/style.css"
};
static const unsigned char app_js[] = {
#embed "pages/app.js"
};
static const unsigned char icon_svg[] = {
#embed "pages/icon.svg"
};
static const unsigned char tabs_js[] = {
#embed "pages/tabs.js"
};
static const unsigned char lib_dom_js[] = {
#embed "pages/lib/dom.js"
};
static const unsigned char lib_http_js[] = {
#embed "pages/lib/http.js"
};
static const unsigned char lib_state_js[] = {
#embed "pages/lib/state.js"
};
static const unsigned char lib_text_js[] = {
#embed "pages/lib/text.js"
};
static const unsigned char lib_markdown_js[] = {
#embed "pages/lib/markdown.js"
};
static const unsigned char lib_snippet_js[] = {
#embed "pages/lib/snippet.js"
};
static const unsigned char lib_chart_js[] = {
#embed "pages/lib/chart.js"
};
static const unsigned char lib_dialog_js[] = {
#embed "pages/lib/dialog.js"
};
static const unsigned char lib_form_js[] = {
#embed "pages/lib/form.js"
};
static const unsigned char lib_turns_js[] = {
#embed "pages/lib/turns.js"
};
static const unsigned char lib_yaml_js[] = {
#embed "pages/lib/yaml.js"
};
static const unsigned char lib_schema_js[] = {
#embed "pages/lib/schema.js"
};
static const unsigned char lib_output_js[] = {
#embed "pages/lib/output.js"
};
static const unsigned char lib_files_js[] = {
#embed "pages/lib/files.js"
};
static const unsigned char lib_filters_js[] = {
#embed "pages/lib/filters.js"
};
static const unsigned char lib_job_js[] = {
#embed "pages/lib/job.js"
};
static const unsigned char lib_marks_js[] = {
#embed "pages/lib/marks.js"
};
static const unsigned char lib_parts_js[] = {
#embed "pages/lib/parts.js"
};
static const unsigned char lib_rows_js[] = {
#embed "pages/lib/rows.js"
};
static const unsigned char lib_steps_js[] = {
#embed "pages/lib/steps.js"
};
static const unsigned char tabs_chat_js[] = {
#embed "pages/tabs/chat.js"
};
static const unsigned char tabs_completion_js[] = {
#embed "pages/tabs/completion.js"
};
static const unsigned char tabs_batch_js[] = {
#embed "pages/tabs/batch.js"
};
static const unsigned char tabs_embeddings_js[] = {
#embed "pages/tabs/embeddings.js"
};
static const unsigned char tabs_memory_js[] = {
#embed "pages/tabs/memory.js"
};
static const unsigned char tabs_datasets_js[] = {
#embed "pages/tabs/datasets.js"
};
static const unsigned char tabs_agents_js[] = {
#embed "pages/tabs/agents.js"
};
static const unsigned char tabs_training_js[] = {
#embed "pages/tabs/training.js"
};
static const unsigned char tabs_synthetic_js[] = {
#embed "pages/tabs/synthetic.js"
};
static const unsigned char tabs_rewards_js[] = {
#embed "pages/tabs/rewards.js"
};
static const unsigned char tabs_stack_js[] = {
#embed "pages/tabs/stack.js"
};
static const unsigned char tabs_routes_js[] = {
#embed "pages/tabs/routes.js"
};

#define FILE(path, bytes) {path, bytes, sizeof bytes}

static const playground_file files[] = {
    FILE("index.html", index_html),
    FILE("style.css", style_css),
    FILE("app.js", app_js),
    FILE("icon.svg", icon_svg),
    FILE("tabs.js", tabs_js),
    FILE("lib/dom.js", lib_dom_js),
    FILE("lib/http.js", lib_http_js),
    FILE("lib/state.js", lib_state_js),
    FILE("lib/text.js", lib_text_js),
    FILE("lib/markdown.js", lib_markdown_js),
    FILE("lib/snippet.js", lib_snippet_js),
    FILE("lib/chart.js", lib_chart_js),
    FILE("lib/dialog.js", lib_dialog_js),
    FILE("lib/form.js", lib_form_js),
    FILE("lib/turns.js", lib_turns_js),
    FILE("lib/yaml.js", lib_yaml_js),
    FILE("lib/schema.js", lib_schema_js),
    FILE("lib/output.js", lib_output_js),
    FILE("lib/files.js", lib_files_js),
    FILE("lib/filters.js", lib_filters_js),
    FILE("lib/job.js", lib_job_js),
    FILE("lib/marks.js", lib_marks_js),
    FILE("lib/parts.js", lib_parts_js),
    FILE("lib/rows.js", lib_rows_js),
    FILE("lib/steps.js", lib_steps_js),
    FILE("tabs/chat.js", tabs_chat_js),
    FILE("tabs/completion.js", tabs_completion_js),
    FILE("tabs/batch.js", tabs_batch_js),
    FILE("tabs/embeddings.js", tabs_embeddings_js),
    FILE("tabs/memory.js", tabs_memory_js),
    FILE("tabs/datasets.js", tabs_datasets_js),
    FILE("tabs/agents.js", tabs_agents_js),
    FILE("tabs/training.js", tabs_training_js),
    FILE("tabs/synthetic.js", tabs_synthetic_js),
    FILE("tabs/rewards.js", tabs_rewards_js),
    FILE("tabs/stack.js", tabs_stack_js),
    FILE("tabs/routes.js", tabs_routes_js),
};

const playground_file *playground_files(size_t *count) {
    *count = sizeof files / sizeof files[0];
    return files;
}
