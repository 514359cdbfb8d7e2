"""Prefill of OpenVINO GenAI with one thread, by CPU time: one line of JSON. Run by the Python of its environment.

    openvino_prefill.py MODEL.gguf TOKENS
"""

import json
import random
import sys
import time

import numpy
import openvino
import openvino_genai

RUNS = 3


def main():
    pipeline = openvino_genai.LLMPipeline(sys.argv[1], "CPU", INFERENCE_NUM_THREADS=1)
    seconds = [prefill(pipeline, int(sys.argv[2])) for _ in range(RUNS + 1)][1:]
    print(json.dumps({"engine": f"OpenVINO {openvino.__version__}", "samples": [int(sys.argv[2]) / s for s in seconds]}))


def prefill(pipeline, tokens):
    """CPU seconds to the first token of a prompt that was never seen: the pipeline keeps those that were."""
    ids = numpy.array([[random.randrange(100, 49000) for _ in range(tokens)]], dtype=numpy.int64)
    prompt = openvino_genai.TokenizedInputs(openvino.Tensor(ids), openvino.Tensor(numpy.ones_like(ids)))
    start = time.process_time()
    pipeline.generate(prompt, max_new_tokens=1, do_sample=False)
    return time.process_time() - start


if __name__ == "__main__":
    main()
