#!/usr/bin/env bash
# Drives a server with the clients that others wrote, from PyPI, each in an environment of its own:
#
#   Scripts/clients/run.sh            starts Distributions/starter.yaml on a free port
#   Scripts/clients/run.sh BASE_URL   asks a server that runs: http://127.0.0.1:8321
#
# A line is printed for each check and a table at the end; the exit code is 1 when a client fails.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."
# shellcheck source=Scripts/pypi.sh
. Scripts/pypi.sh

model=smollm2-135m-instruct
embedder=all-minilm-l6-v2
# script, then what pip installs for it. The last two ask for a newer Python than they need: what they import is named.
clients=(
    "openai_client.py openai==3.51.0"
    "openai_client.py openai==2.54.0"
    "langchain_client.py langchain-openai"
    "litellm_client.py litellm==1.106.2"
    "llama_index_client.py llama-index-llms-openai-like"
    "openai_agents_client.py openai-agents"
    "stack_clients.py --no-deps --ignore-requires-python llama-stack-client==0.7.5"
    "stack_clients.py --no-deps --ignore-requires-python ogx_client==1.5"
)
stack_client_needs="anyio click distro fire httpx pandas prompt-toolkit pyaml pydantic python-dateutil requests rich
    sniffio termcolor tqdm typing-extensions urllib3"
folder=${LLAMA_STACK_CLIENTS:-${XDG_CACHE_HOME:-$HOME/.cache}/llama-stack-clients}
python=$(python_with_pip)
url=${1:-}
work=$(mktemp -d)
server=
trap '[[ -z $server ]] || kill "$server"; rm -rf "$work"' EXIT
if [[ -z $url ]]; then
    LLAMA_STACK_STATE=$work/state .build/release/llama-stack run Distributions/starter.yaml --port 0 \
        >"$work/log" 2>&1 &
    server=$!
    for _ in $(seq 600); do
        url=$(sed -n 's/^ready: \(http[^ ]*\).*/\1/p' "$work/log")
        [[ -z $url ]] || break
        kill -0 "$server" || { cat "$work/log"; exit 1; }
        sleep 0.1
    done
fi

status=0
table=
for row in "${clients[@]}"; do
    read -r script packages <<<"$row"
    name=${packages//[^A-Za-z0-9.=-]/_}
    if [[ ! -x $folder/$name/bin/python ]]; then
        rm -rf "${folder:?}/$name"
        "$python" -m venv "$folder/$name"
        # shellcheck disable=SC2086
        "$folder/$name/bin/python" -m pip install --quiet --disable-pip-version-check $packages
        # shellcheck disable=SC2086
        [[ $script != stack_clients.py ]] ||
            "$folder/$name/bin/python" -m pip install --quiet --disable-pip-version-check $stack_client_needs
    fi
    echo "== $packages"
    code=0
    PYTHONWARNINGS=ignore LITELLM_LOCAL_MODEL_COST_MAP=True "$folder/$name/bin/python" "Scripts/clients/$script" "$url" "$model" "$embedder" |
        tee "$work/checks" || code=$?
    passed=$(grep -c '^ok' "$work/checks" || true)
    table+=$(printf '%-28s %2s checks passed, %s' "${packages##* }" "$passed" "$([[ $code = 0 ]] && echo all || echo "exit $code")")$'\n'
    [[ $code = 0 ]] || status=1
done
printf '\n%s' "$table"
exit "$status"
