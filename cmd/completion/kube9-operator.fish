# SPDX-License-Identifier: Apache-2.0
# fish completion of kube9-operator. The program itself knows what may stand next.
function __kube9_operator_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l prefix (string match -r -- '^-[^=]*=' $current)
    set -l directive 4
    for line in ($words[1] __complete $words[2..-1] "$current" 2>/dev/null)
        if string match -qr '^:[0-9]+$' -- $line
            set directive (string sub -s 2 -- $line)
        else
            echo -- "$prefix$line"
        end
    end
    if test $directive -eq 0
        __fish_complete_path (string replace -- "$prefix" '' "$current")
    end
end
complete -c kube9-operator -f -a '(__kube9_operator_complete)'
