#include "llama_stack_provider.h"
