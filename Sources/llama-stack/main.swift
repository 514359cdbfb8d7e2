print("llama-stack")
