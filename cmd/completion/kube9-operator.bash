# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# bash completion of kube9-operator. The program itself knows what may stand next.
_kube9_operator() {
    local line directive=4 n=0 glue='' i
    local -a words=()
    # bash has cut --flag=value into three words.
    for ((i = 1; i <= COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} == '=' && $n -gt 0 ]]; then
            words[n - 1]+='='
            glue=yes
        elif [[ -n $glue ]]; then
            words[n - 1]+=${COMP_WORDS[i]}
            glue=''
        else
            words[n]=${COMP_WORDS[i]}
            n=$((n + 1))
        fi
    done
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
        :[0-9]*) directive=${line#:} ;;
        *) COMPREPLY+=("${line%%$'\t'*}") ;;
        esac
    done < <("${COMP_WORDS[0]/#\~/$HOME}" __complete "${words[@]}" 2>/dev/null)
    if ((directive == 0)); then
        compopt -o default 2>/dev/null || true
    fi
}
complete -F _kube9_operator kube9-operator
