#include "requests.h"

static const shape string = {.kind = K_STRING}, boolean = {.kind = K_BOOLEAN};
static const shape map = {.kind = K_MAP}, content = {.kind = K_CONTENT};
static const shape whole = {.kind = K_INTEGER, .from_zero = true};
static const shape from_zero = {.kind = K_NUMBER, .from_zero = true}, fraction = {.kind = K_NUMBER, .fraction = true};

static const char *const role_words[] = {"system", "user", "assistant", "tool", 0};
static const char *const strategy_words[] = {"greedy", "top_p", "top_k", 0};
static const shape role = {.kind = K_WORD, .words = role_words}, strategy = {.kind = K_WORD, .words = strategy_words};

static const field sampling_fields[] = {
    {"temperature", &from_zero, false, 0}, {"strategy", &strategy, false, 0}, {"top_p", &fraction, false, 0},
    {"top_k", &whole, false, 0}, {0}};
static const shape sampling = {.kind = K_OBJECT, .fields = sampling_fields};

static const field call_fields[] = {{"tool_name", &string, true, 0}, {"arguments", &map, true, 0}, {0}};
static const shape call = {.kind = K_OBJECT, .fields = call_fields}, calls = {.kind = K_ARRAY, .item = &call};
static const field response_fields[] = {{"tool_name", &string, true, 0}, {"content", &content, true, 0}, {0}};
static const shape response = {.kind = K_OBJECT, .fields = response_fields};
static const shape responses = {.kind = K_ARRAY, .item = &response};

// Only the last message is echoed: the ones before it are checked like it, and forgotten.
#define MESSAGE(slot)                                                                                       \
    {{"role", &role, true, 0}, {"content", &content, true, slot}, {"tool_calls", &calls, false, 0},          \
     {"tool_responses", &responses, false, 0}, {0}}
static const field message_fields[] = MESSAGE(SLOT_CONTENT), earlier_fields[] = MESSAGE(0);
static const shape message = {.kind = K_OBJECT, .fields = message_fields};
static const shape earlier = {.kind = K_OBJECT, .fields = earlier_fields};
static const shape history = {.kind = K_ARRAY, .item = &earlier};

static const field dialog_fields[] = {{"message", &message, true, 0}, {"message_history", &history, false, 0}, {0}};
static const shape dialog = {.kind = K_OBJECT, .fields = dialog_fields};

static const field shield_fields[] = {{"shield_type", &string, true, 0}, {"params", &map, false, 0}, {0}};
static const shape shield = {.kind = K_OBJECT, .fields = shield_fields}, shields = {.kind = K_ARRAY, .item = &shield};
static const field tool_fields[] = {
    {"tool_name", &string, true, 0}, {"parameters", &map, false, 0}, {"input_shields", &shields, false, 0},
    {"output_shields", &shields, false, 0}, {0}};
static const shape tool = {.kind = K_OBJECT, .fields = tool_fields}, tools = {.kind = K_ARRAY, .item = &tool};

static const field completion_fields[] = {
    {"content", &content, true, SLOT_CONTENT}, {"model", &string, true, 0}, {"sampling_params", &sampling, false, 0},
    {"max_tokens", &whole, false, SLOT_MAX_TOKENS}, {"stream", &boolean, false, SLOT_STREAM},
    {"logprobs", &boolean, false, 0}, {0}};
const shape completion_request = {.kind = K_OBJECT, .fields = completion_fields};

static const field chat_fields[] = {
    {"model", &string, true, 0}, {"dialog", &dialog, true, 0}, {"sampling_params", &sampling, false, 0},
    {"available_tools", &tools, false, 0}, {"max_tokens", &whole, false, SLOT_MAX_TOKENS},
    {"stream", &boolean, false, SLOT_STREAM}, {"logprobs", &boolean, false, 0}, {0}};
const shape chat_completion_request = {.kind = K_OBJECT, .fields = chat_fields};

// Beyond the draft's requests: whether the caller takes what the draft's answers have no field for.
static const field option_fields[] = {{"extended", &boolean, false, SLOT_EXTENDED}, {0}};
const shape answer_options = {.kind = K_OBJECT, .fields = option_fields};

// A resource carries whatever the distribution says about it: only two members are known to be there.
static const field resource_fields[] = {{"kind", &string, true, SLOT_KIND}, {"id", &string, true, 0}, {0}};
const shape resource = {.kind = K_OBJECT, .fields = resource_fields, .open = true};

static const field configuration_fields[] = {
    {"prefix", &string, false, SLOT_PREFIX}, {"prefix_url", &string, false, SLOT_PREFIX_URL}, {"delay_milliseconds", &whole, false, SLOT_DELAY}, {0}};
const shape configuration = {.kind = K_OBJECT, .fields = configuration_fields};
